"""dedicateZone: a zone for one account or domain alone."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.dedication.dedicating import FLOW, admit
from lakh.resources.dedication.row import ZONE
from lakh.resources.dedication.view import DedicatedZoneView


class DedicateZone(
    JobCommand,
    roles=ADMIN,
    answer=DedicatedZoneView,
    java_class="org.apache.cloudstack.api.commands.DedicateZoneCmd",
    event="DEDICATE.RESOURCE",
    instance_type="Zone",
):
    """Dedicates a zone to an account, or to a domain and all below it."""

    zoneid: Id = param("the zone", required=True, entity="zone")
    domainid: Id = param("the domain it is for, or whose account it is for", required=True, entity="domain")
    account: str | None = param("the account it is for; without it, all of the domain's")

    FLOW = FLOW

    async def admit(self, call: Call) -> Admission:
        return await admit(call, ZONE, self.zoneid, self.domainid, self.account)
