"""Zones: `network_type` is Advanced or Basic."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
from lakh.store.table import Index, Ref, Row, table


@table(
    "zone",
    Index("zone_uuid", "uuid", unique=True),
    Index("zone_name", "name", where="removed_ms IS NULL", unique=True),
)
class ZoneRow(Row):
    id: int
    uuid: str
    name: str
    description: str | None
    network_type: str
    security_group_enabled: bool
    dns1: str
    dns2: str | None
    internal_dns1: str
    internal_dns2: str | None
    ip6_dns1: str | None
    ip6_dns2: str | None
    network_domain: str | None
    guest_cidr: str | None
    domain_id: Annotated[int | None, Ref("domain")]
    allocation_state: str
    local_storage_enabled: bool
    is_edge: bool
    dhcp_provider: str
    details_json: str
    sort_key: int
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("zone.insert", ZoneRow)
