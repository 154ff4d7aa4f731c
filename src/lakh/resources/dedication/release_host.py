"""releaseDedicatedHost: a host is for everybody again."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.releasing import FLOW, admit
from lakh.resources.dedication.row import HOST


class ReleaseDedicatedHost(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    java_class="org.apache.cloudstack.api.commands.ReleaseDedicatedHostCmd",
    event="DEDICATE.RESOURCE.RELEASE",
    instance_type="Host",
):
    """Ends the dedication of a host."""

    hostid: Id = param("the host", required=True, entity="host")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, HOST, self.hostid)
