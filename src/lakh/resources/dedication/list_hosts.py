"""listDedicatedHosts: which hosts are whose."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.dedication.listed import dedications
from lakh.resources.dedication.row import HOST
from lakh.resources.dedication.view import DedicatedHostView


class ListDedicatedHosts(ListCommand, roles=ADMIN, answer=DedicatedHostView):
    """Lists dedicated hosts."""

    hostid: Id | None = param("this host", entity="host")
    domainid: Id | None = param("those of this domain", entity="domain")
    account: str | None = param("those of this account; together with domainid")
    affinitygroupid: Id | None = param("those of this affinity group", entity="affinity_group")

    async def run(self, call: Call) -> Listed:
        owner, window = (self.account, self.domainid), self.window()
        return await dedications(call, HOST, self.hostid, owner, self.affinitygroupid, self.keyword, window)
