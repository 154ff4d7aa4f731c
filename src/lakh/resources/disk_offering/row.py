"""Disk offerings."""

from __future__ import annotations

from lakh.store.statement import insert
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
