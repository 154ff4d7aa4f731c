"""Compute offerings. A null number of CPUs, speed or memory is given at deployment (custom offering)."""

from __future__ import annotations

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Row, table


@table("service_offering", Index("service_offering_uuid", "uuid", unique=True))
class ServiceOfferingRow(Row):
    """`domain_ids` and `zone_ids` are comma-separated row ids, empty for public; `storage_tags`/`host_tag` likewise."""

    id: int
    uuid: str
    name: str
    unique_name: str | None
    display_text: str
    cpus: int | None
    speed_mhz: int | None
    memory_mb: int | None
    ha_enabled: bool
    limit_cpu_use: bool
    is_volatile: bool
    is_system: bool
    system_vm_type: str | None
    default_use: bool
    is_customized: bool
    dynamic_scaling: bool
    host_tag: str | None
    storage_tags: str | None
    storage_type: str
    provisioning_type: str
    cache_mode: str
    root_disk_bytes: int
    network_rate_mbps: int | None
    deployment_planner: str | None
    domain_ids: str
    zone_ids: str
    disk_offering_id: int | None
    disk_offering_strictness: bool
    details_json: str
    state: str
    sort_key: int
    created_ms: int
    removed_ms: int | None = None


MODE, STRICT, PREFERRED = "ImplicitDedicationMode", "Strict", "Preferred"
"""The detail of an offering with ImplicitDedicationPlanner: hosts must be, or had better be, its Instances' own; a must
where it is not told."""

INSERT = insert("service_offering.insert", ServiceOfferingRow)
UPDATE = statement(
    "service_offering.update",
    "UPDATE service_offering SET name = $2, display_text = $3, sort_key = $4, state = $5, host_tag = $6,"
    " storage_tags = $7, domain_ids = $8, zone_ids = $9 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "service_offering.remove",
    "UPDATE service_offering SET removed_ms = $2, state = 'Inactive' WHERE id = $1 AND removed_ms IS NULL",
)
