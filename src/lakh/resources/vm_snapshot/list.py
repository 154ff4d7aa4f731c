"""listVMSnapshot: states of whole instances to go back to. There are none yet."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class VmSnapshotView(View):
    OBJECT: ClassVar[str] = "vmSnapshot"

    id: str | None = None
    name: str | None = None
    state: str | None = None
    virtualmachineid: str | None = None


class ListVMSnapshot(OwnedListCommand, answer=VmSnapshotView, since="4.2.0"):
    """Lists instance snapshots."""

    name: str | None = param("the snapshots of this name")
    state: str | None = param("the snapshots in this state")
    virtualmachineid: Id | None = param("the snapshots of this instance", entity="vm")
    tags: Pairs = param("the snapshots with one of these tags")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])
