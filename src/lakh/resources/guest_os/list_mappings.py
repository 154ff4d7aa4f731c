"""listGuestOsMapping: what hypervisors call guest OS types."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.guest_os.row import GuestOsMappingRow, GuestOsRow
from lakh.resources.guest_os.view import GuestOsMappingView, mapping_view


class ListGuestOsMapping(ListCommand, roles=ADMIN, answer=GuestOsMappingView, since="4.4.0"):
    """Lists hypervisors' names of guest OS types."""

    id: Id | None = param("this mapping only", entity="guest_os_mapping")
    ostypeid: Id | None = param("mappings of this type", entity="guest_os")
    hypervisor: str | None = param("mappings of this hypervisor")
    hypervisorversion: str | None = param("mappings of this hypervisor version; the generic one is called default")
    osdisplayname: str | None = param("mappings of types whose name holds this")
    osnameforhypervisor: str | None = param("mappings whose hypervisor name holds this")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        types = (await call.cloud.snapshots.of(GuestOsRow)).by_id
        found = [
            row
            for row in await call.cloud.snapshots.of(GuestOsMappingRow)
            if self._matches(row, types[row.guest_os_id])
        ]
        page = found[offset : offset + limit]
        return Listed(len(found), [mapping_view(row, types[row.guest_os_id]) for row in page])

    def _matches(self, row: GuestOsMappingRow, os_type: GuestOsRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.ostypeid is None or row.guest_os_id == self.ostypeid)
            and (self.hypervisor is None or row.hypervisor.lower() == self.hypervisor.lower())
            and (self.hypervisorversion is None or row.hypervisor_version == self.hypervisorversion)
            and _holds(os_type.name, self.osdisplayname)
            and _holds(row.os_name, self.osnameforhypervisor)
            and _holds(row.os_name, self.keyword)
        )


def _holds(text: str, part: str | None) -> bool:
    return part is None or part.lower() in text.lower()
