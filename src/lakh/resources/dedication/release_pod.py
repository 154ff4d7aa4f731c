"""releaseDedicatedPod: a pod is for everybody again."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.releasing import FLOW, admit
from lakh.resources.dedication.row import POD


class ReleaseDedicatedPod(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    java_class="org.apache.cloudstack.api.commands.ReleaseDedicatedPodCmd",
    event="DEDICATE.RESOURCE.RELEASE",
    instance_type="Pod",
):
    """Ends the dedication of a pod."""

    podid: Id = param("the pod", required=True, entity="pod")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, POD, self.podid)
