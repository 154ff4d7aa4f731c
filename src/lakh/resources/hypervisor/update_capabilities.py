"""updateHypervisorCapabilities: other limits for a hypervisor version."""

from __future__ import annotations

from typing import Any

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Long
from lakh.resources.command import Call, SyncCommand
from lakh.resources.hypervisor.row import HypervisorCapabilityRow
from lakh.resources.hypervisor.view import HypervisorCapabilitiesView, capabilities_view
from lakh.store.statement import TxnSpec, statement

UPDATE = statement(
    "hypervisor_capability.update",
    "UPDATE hypervisor_capability SET max_guests = $2, max_data_volumes = $3, max_hosts_per_cluster = $4,"
    " security_group_enabled = $5, storage_motion_enabled = $6, vm_snapshot_enabled = $7 WHERE id = $1",
)

_LIMITS = ("maxguestslimit", "maxdatavolumeslimit", "maxhostspercluster")


class UpdateHypervisorCapabilities(SyncCommand, roles=ADMIN, answer=HypervisorCapabilitiesView, since="3.0.0"):
    """Updates the capabilities of a hypervisor version, named by id or by hypervisor and version."""

    id: Id | None = param("the capabilities", entity="hypervisor_capability")
    hypervisor: str | None = param("the hypervisor, where no id is given", since="4.19.1")
    hypervisorversion: str | None = param("its version, where no id is given", since="4.19.1")
    maxguestslimit: Long | None = param("most running VMs per host")
    maxdatavolumeslimit: int | None = param("most data volumes per VM", since="4.16.0")
    maxhostspercluster: int | None = param("most hosts per cluster", since="4.16.0")
    securitygroupenabled: bool | None = param("whether security groups work")
    storagemotionenabled: bool | None = param("whether volumes move while the VM runs", since="4.16.0")
    vmsnapshotenabled: bool | None = param("whether VM snapshots work", since="4.16.0")

    async def run(self, call: Call) -> HypervisorCapabilitiesView:
        for name in _LIMITS:
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ParameterError(f"Invalid parameter {name} {value}: give 0 or more")
        row = self._wanted(list(await call.cloud.snapshots.of(HypervisorCapabilityRow)))
        given: dict[str, Any] = {
            "max_guests": self.maxguestslimit,
            "max_data_volumes": self.maxdatavolumeslimit,
            "max_hosts_per_cluster": self.maxhostspercluster,
            "security_group_enabled": self.securitygroupenabled,
            "storage_motion_enabled": self.storagemotionenabled,
            "vm_snapshot_enabled": self.vmsnapshotenabled,
        }
        changed = msgspec.structs.replace(row, **{name: value for name, value in given.items() if value is not None})
        arguments = [getattr(changed, name) for name in given]
        await call.cloud.store.submit(TxnSpec("updateHypervisorCapabilities").add(UPDATE, row.id, *arguments))
        return capabilities_view(changed)

    def _wanted(self, rows: list[HypervisorCapabilityRow]) -> HypervisorCapabilityRow:
        if self.id is None and not (self.hypervisor and self.hypervisorversion):
            raise ParameterError("Give id, or both hypervisor and hypervisorversion")
        for row in rows:
            if row.id == self.id if self.id is not None else self._named(row):
                return row
        raise ParameterError(f"No capabilities of {self.hypervisor} {self.hypervisorversion}; list those there are")

    def _named(self, row: HypervisorCapabilityRow) -> bool:
        wanted = ((self.hypervisor or "").lower(), self.hypervisorversion)
        return (row.hypervisor.lower(), row.hypervisor_version) == wanted
