"""listSnapshots: copies of volumes. There are none yet."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id, Pairs
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class SnapshotView(View):
    OBJECT: ClassVar[str] = "snapshot"

    id: str | None = None
    name: str | None = None
    state: str | None = None
    volumeid: str | None = None
    zoneid: str | None = None


class ListSnapshots(
    OwnedListCommand,
    answer=SnapshotView,
    java_class="org.apache.cloudstack.api.command.admin.snapshot.ListSnapshotsCmdByAdmin",
):
    """Lists the snapshots that the caller may see."""

    id: Id | None = param("this snapshot", entity="snapshot")
    name: str | None = param("the snapshots of this name")
    volumeid: Id | None = param("the snapshots of this volume", entity="volume")
    zoneid: Id | None = param("the snapshots in this zone", entity="zone")
    tags: Pairs = param("the snapshots with one of these tags")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])
