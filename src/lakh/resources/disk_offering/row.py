"""Disk offerings."""

from __future__ import annotations

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Row, table


@table("disk_offering", Index("disk_offering_uuid", "uuid", unique=True))
class DiskOfferingRow(Row):
    """`disk_bytes` is 0 for customized ones; `compute_only` ones belong to a service offering and are not listed."""

    id: int
    uuid: str
    name: str
    unique_name: str | None
    display_text: str
    disk_bytes: int
    is_customized: bool
    tags: str | None
    storage_type: str
    provisioning_type: str
    cache_mode: str
    compute_only: bool
    disk_size_strictness: bool
    encrypt: bool
    min_iops: int | None
    max_iops: int | None
    custom_iops: bool
    rates_json: str
    domain_ids: str
    zone_ids: str
    display_offering: bool
    details_json: str
    state: str
    sort_key: int
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("disk_offering.insert", DiskOfferingRow)
UPDATE = statement(
    "disk_offering.update",
    "UPDATE disk_offering SET name = $2, display_text = $3, sort_key = $4, display_offering = $5, state = $6,"
    " tags = $7, domain_ids = $8, zone_ids = $9, rates_json = $10, cache_mode = $11"
    " WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "disk_offering.remove",
    "UPDATE disk_offering SET removed_ms = $2, state = 'Inactive' WHERE id = $1 AND removed_ms IS NULL",
)
SET_TAGS = statement("disk_offering.set_tags", "UPDATE disk_offering SET tags = $2 WHERE id = $1 AND compute_only")
