"""dedicatePod: a pod for one account or domain alone."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.dedicating import FLOW, admit
from lakh.resources.dedication.row import POD
from lakh.resources.dedication.view import DedicatedPodView


class DedicatePod(
    JobCommand,
    roles=ADMIN,
    answer=DedicatedPodView,
    java_class="org.apache.cloudstack.api.commands.DedicatePodCmd",
    event="DEDICATE.RESOURCE",
    instance_type="Pod",
):
    """Dedicates a pod to an account, or to a domain and all below it."""

    podid: Id = param("the pod", required=True, entity="pod")
    domainid: Id = param("the domain it is for, or whose account it is for", required=True, entity="domain")
    account: str | None = param("the account it is for; without it, all of the domain's")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, POD, self.podid, self.domainid, self.account)
