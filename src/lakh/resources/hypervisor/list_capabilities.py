"""listHypervisorCapabilities: what each hypervisor version can do."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.hypervisor.row import HypervisorCapabilityRow
from lakh.resources.hypervisor.view import HypervisorCapabilitiesView, capabilities_view


class ListHypervisorCapabilities(ListCommand, roles=ADMIN, answer=HypervisorCapabilitiesView, since="3.0.0"):
    """Lists capabilities of hypervisor versions."""

    id: Id | None = param("these capabilities only", entity="hypervisor_capability")
    hypervisor: str | None = param("capabilities of this hypervisor")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        found = [row for row in await call.cloud.snapshots.of(HypervisorCapabilityRow) if self._matches(row)]
        return Listed(len(found), [capabilities_view(row) for row in found[offset : offset + limit]])

    def _matches(self, row: HypervisorCapabilityRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.hypervisor is None or row.hypervisor.lower() == self.hypervisor.lower())
            and (self.keyword is None or self.keyword.lower() in row.hypervisor.lower())
        )
