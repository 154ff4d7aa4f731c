"""Zones: `network_type` is Advanced or Basic."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, statement
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
UPDATE = statement(
    "zone.update",
    "UPDATE zone SET name = COALESCE($2, name), dns1 = COALESCE($3, dns1), dns2 = COALESCE($4, dns2),"
    " internal_dns1 = COALESCE($5, internal_dns1), internal_dns2 = COALESCE($6, internal_dns2),"
    " ip6_dns1 = COALESCE($7, ip6_dns1), ip6_dns2 = COALESCE($8, ip6_dns2),"
    " network_domain = COALESCE($9, network_domain), guest_cidr = COALESCE($10, guest_cidr),"
    " allocation_state = COALESCE($11, allocation_state),"
    " local_storage_enabled = COALESCE($12, local_storage_enabled), dhcp_provider = COALESCE($13, dhcp_provider),"
    " details_json = COALESCE($14, details_json), sort_key = COALESCE($15, sort_key),"
    " domain_id = CASE WHEN $16 THEN NULL ELSE domain_id END WHERE id = $1 AND removed_ms IS NULL",
)
LIVE = statement("zone.live", "UPDATE zone SET name = name WHERE id = $1 AND removed_ms IS NULL")
"""Guards what is created in a zone: it counts no row once the zone is deleted."""
