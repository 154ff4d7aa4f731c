"""dedicateHost: a host for one account or domain alone."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.dedicating import FLOW, admit
from lakh.resources.dedication.row import HOST
from lakh.resources.dedication.view import DedicatedHostView


class DedicateHost(
    JobCommand,
    roles=ADMIN,
    answer=DedicatedHostView,
    java_class="org.apache.cloudstack.api.commands.DedicateHostCmd",
    event="DEDICATE.RESOURCE",
    instance_type="Host",
):
    """Dedicates a host to an account, or to a domain and all below it."""

    hostid: Id = param("the host", required=True, entity="host")
    domainid: Id = param("the domain it is for, or whose account it is for", required=True, entity="domain")
    account: str | None = param("the account it is for; without it, all of the domain's")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, HOST, self.hostid, self.domainid, self.account)
