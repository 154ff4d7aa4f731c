"""listDiskOfferings: those the caller may use."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.disk_offering.view import DiskOfferingView, disk_offering_view
from lakh.resources.listing import page_of
from lakh.resources.live import flag_state
from lakh.resources.offering_scope import ids_of, in_zone, usable


class ListDiskOfferings(OwnedListCommand, answer=DiskOfferingView):
    """Lists all available disk offerings."""

    id: Id | None = param("the offering of this id", entity="disk_offering")
    name: str | None = param("the offering of this name")
    zoneid: Id | None = param("those offered in this zone", entity="zone", since="4.13")
    state: str | None = param("Active (the default), Inactive, or all", since="4.19")
    storagetype: str | None = param("shared or local", since="4.19")
    encrypt: bool | None = param("those whose volumes are encrypted, or not", since="4.18")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        state = None if (self.state or "").lower() == "all" else flag_state("state", self.state, ("Active", "Inactive"))
        found = [row for row in (await cloud.snapshots.of(DiskOfferingRow)).live if self._fits(call, row, state)]
        count, rows = page_of(await usable(call, found), self.window())
        return Listed(count, [await disk_offering_view(cloud, row) for row in rows])

    def _fits(self, call: Call, row: DiskOfferingRow, state: str | None) -> bool:
        wanted_state = state or (None if self.state else "Active")
        return (
            not row.compute_only
            and (row.display_offering or call.caller.is_root_admin)
            and (self.id is None or row.id == self.id)
            and (self.name is None or row.name == self.name)
            and (self.domainid is None or self.domainid in ids_of(row.domain_ids))
            and in_zone(row, self.zoneid)
            and (wanted_state is None or row.state == wanted_state)
            and (self.storagetype is None or row.storage_type == self.storagetype.lower())
            and (self.encrypt is None or row.encrypt == self.encrypt)
            and (self.keyword is None or _holds(row, self.keyword.lower()))
        )


def _holds(row: DiskOfferingRow, keyword: str) -> bool:
    return keyword in row.name.lower() or keyword in row.display_text.lower()
