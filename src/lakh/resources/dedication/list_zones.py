"""listDedicatedZones: which zones are whose."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.dedication.listed import dedications
from lakh.resources.dedication.row import ZONE
from lakh.resources.dedication.view import DedicatedZoneView


class ListDedicatedZones(ListCommand, roles=ADMIN, answer=DedicatedZoneView):
    """Lists dedicated zones."""

    zoneid: Id | None = param("this zone", entity="zone")
    domainid: Id | None = param("those of this domain", entity="domain")
    account: str | None = param("those of this account; together with domainid")
    affinitygroupid: Id | None = param("those of this affinity group", entity="affinity_group")

    async def run(self, call: Call) -> Listed:
        owner, window = (self.account, self.domainid), self.window()
        return await dedications(call, ZONE, self.zoneid, owner, self.affinitygroupid, self.keyword, window)
