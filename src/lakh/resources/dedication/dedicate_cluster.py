"""dedicateCluster: a cluster for one account or domain alone."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.dedicating import FLOW, admit
from lakh.resources.dedication.row import CLUSTER
from lakh.resources.dedication.view import DedicatedClusterView


class DedicateCluster(
    JobCommand,
    roles=ADMIN,
    answer=DedicatedClusterView,
    java_class="org.apache.cloudstack.api.commands.DedicateClusterCmd",
    event="DEDICATE.RESOURCE",
    instance_type="Cluster",
):
    """Dedicates a cluster to an account, or to a domain and all below it."""

    clusterid: Id = param("the cluster", required=True, entity="cluster")
    domainid: Id = param("the domain it is for, or whose account it is for", required=True, entity="domain")
    account: str | None = param("the account it is for; without it, all of the domain's")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, CLUSTER, self.clusterid, self.domainid, self.account)
