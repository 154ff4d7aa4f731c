"""releaseDedicatedCluster: a cluster is for everybody again."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.releasing import FLOW, admit
from lakh.resources.dedication.row import CLUSTER


class ReleaseDedicatedCluster(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    java_class="org.apache.cloudstack.api.commands.ReleaseDedicatedClusterCmd",
    event="DEDICATE.RESOURCE.RELEASE",
    instance_type="Cluster",
):
    """Ends the dedication of a cluster."""

    clusterid: Id = param("the cluster", required=True, entity="cluster")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, CLUSTER, self.clusterid)
