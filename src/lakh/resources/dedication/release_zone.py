"""releaseDedicatedZone: a zone is for everybody again."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.releasing import FLOW, admit
from lakh.resources.dedication.row import ZONE


class ReleaseDedicatedZone(
    JobCommand,
    roles=ADMIN,
    answer=Success,
    java_class="org.apache.cloudstack.api.commands.ReleaseDedicatedZoneCmd",
    event="DEDICATE.RESOURCE.RELEASE",
    instance_type="Zone",
):
    """Ends the dedication of a zone."""

    zoneid: Id = param("the zone", required=True, entity="zone")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, ZONE, self.zoneid)
