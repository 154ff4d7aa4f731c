"""listServiceOfferings: those the caller may use; system ones are for root admins."""

from __future__ import annotations

from lakh.base.errors import PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import page_of
from lakh.resources.live import flag_state
from lakh.resources.offering_scope import ids_of, in_zone, usable
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.service_offering.view import ServiceOfferingView, service_offering_view


class ListServiceOfferings(OwnedListCommand, answer=ServiceOfferingView):
    """Lists all available service offerings."""

    id: Id | None = param("the offering of this id", entity="service_offering")
    name: str | None = param("the offering of this name")
    issystem: bool = param("offerings for system VMs in place of those for Instances", default=False)
    systemvmtype: str | None = param("of system offerings those for this type of VM")
    zoneid: Id | None = param("those offered in this zone", entity="zone", since="4.13")
    state: str | None = param("Active (the default), Inactive, or all", since="4.19")
    storagetype: str | None = param("shared or local", since="4.19")
    cpunumber: int | None = param("those with this many CPUs", since="4.15")
    cpuspeed: int | None = param("those of this speed in MHz", since="4.15")
    memory: int | None = param("those with this memory in MiB", since="4.15")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        if self.issystem and not call.caller.is_root_admin:
            raise PermissionDeniedError("Only root admins can access system offerings")
        every = (self.state or "").lower() == "all"
        state = None if every else flag_state("state", self.state, ("Active", "Inactive")) or "Active"
        found = [row for row in (await cloud.snapshots.of(ServiceOfferingRow)).live if self._fits(row, state)]
        count, rows = page_of(await usable(call, found), self.window())
        return Listed(count, [await service_offering_view(cloud, row) for row in rows])

    def _fits(self, row: ServiceOfferingRow, state: str | None) -> bool:
        return (
            row.is_system == self.issystem
            and (self.systemvmtype is None or row.system_vm_type == self.systemvmtype.lower())
            and (self.id is None or row.id == self.id)
            and (self.name is None or row.name == self.name)
            and (self.domainid is None or self.domainid in ids_of(row.domain_ids))
            and in_zone(row, self.zoneid)
            and (state is None or row.state == state)
            and (self.storagetype is None or row.storage_type == self.storagetype.lower())
            and (self.cpunumber is None or row.cpus == self.cpunumber)
            and (self.cpuspeed is None or row.speed_mhz == self.cpuspeed)
            and (self.memory is None or row.memory_mb == self.memory)
            and (self.keyword is None or _holds(row, self.keyword.lower()))
        )


def _holds(row: ServiceOfferingRow, keyword: str) -> bool:
    return keyword in row.name.lower() or keyword in row.display_text.lower()
