"""What each hypervisor version can do."""

from __future__ import annotations

from lakh.store.statement import insert
from lakh.store.table import Index, Row, table


@table(
    "hypervisor_capability",
    Index("hypervisor_capability_uuid", "uuid", unique=True),
    Index("hypervisor_capability_version", "hypervisor", "hypervisor_version", unique=True),
)
class HypervisorCapabilityRow(Row):
    """`max_guests` per host, `max_data_volumes` per VM, `max_hosts_per_cluster` null for no limit."""

    id: int
    uuid: str
    hypervisor: str
    hypervisor_version: str
    max_guests: int | None
    max_data_volumes: int
    max_hosts_per_cluster: int | None
    security_group_enabled: bool
    storage_motion_enabled: bool
    vm_snapshot_enabled: bool


INSERT = insert("hypervisor_capability.insert", HypervisorCapabilityRow)
