"""Networks: guest networks of accounts, and the zone's own (public, management, control)."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table


@table(
    "network",
    Index("network_uuid", "uuid", unique=True),
    Index("network_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("network_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("network_suffix", "network_domain", "id", where="removed_ms IS NULL AND network_domain IS NOT NULL"),
    Index("network_zone", "zone_id", "id", where="removed_ms IS NULL"),
    Index("network_listed", "id", where="removed_ms IS NULL"),
    Index("network_name", "name", "id", where="removed_ms IS NULL"),
    Index("network_physical", "physical_network_id", "traffic_type", "id", where="removed_ms IS NULL"),
    Index("network_offering_of", "offering_id", "id", where="removed_ms IS NULL"),
    Index("network_system", "zone_id", "traffic_type", where="removed_ms IS NULL AND is_system", unique=True),
    Index("network_shared", "id", where="removed_ms IS NULL AND acl_type = 'Domain'"),
    big=True,
    search=Search("name"),
)
class NetworkRow(Row):
    """`guest_type` Isolated, Shared or L2; `acl_type` Account or Domain; `implemented` counts implementations."""

    id: int
    uuid: str
    name: str
    display_text: str
    zone_id: Annotated[int, Ref("zone")]
    physical_network_id: Annotated[int | None, Ref("physical_network")]
    offering_id: Annotated[int, Ref("network_offering")]
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    traffic_type: str
    guest_type: str | None
    acl_type: str | None
    subdomain_access: bool
    state: str
    mode: str
    broadcast_domain_type: str
    broadcast_uri: str | None
    cidr: str | None
    gateway: str | None
    netmask: str | None
    network_domain: str | None
    dns1: str | None
    dns2: str | None
    specify_ip_ranges: bool
    security_group_enabled: bool
    is_system: bool
    display_network: bool
    restart_required: bool
    implemented: int
    vpc_id: int | None
    details_json: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("network.insert", NetworkRow)
BY_ID = select("network.by_id", NetworkRow, "WHERE id = $1")
BY_UUID = select("network.by_uuid", NetworkRow, "WHERE uuid = $1")
BY_IDS = select("network.by_ids", NetworkRow, "WHERE id = ANY($1)")
UPDATE = statement(
    "network.update",
    "UPDATE network SET name = $2, display_text = $3, network_domain = $4, dns1 = $5, dns2 = $6, display_network = $7,"
    " offering_id = $8, restart_required = $9 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "network.remove",
    "UPDATE network SET state = 'Destroy', removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM nic WHERE network_id = $1 AND removed_ms IS NULL)",
)
HOLD = statement("network.hold", "UPDATE network SET state = state WHERE id = $1 AND removed_ms IS NULL")
"""Stands before REMOVE, in its transaction: whoever comes into the network at the same time is through by then, and
seen, or finds it gone. REMOVE alone would look for NICs before it waited for them."""
JOIN = statement(
    "network.join",
    "UPDATE network SET state = state WHERE id = $1 AND removed_ms IS NULL AND state NOT IN ('Shutdown', 'Destroy')",
)
"""Stands with NICs that no start follows, which would find out: the network is there, and stays."""
COUNT_IMPLEMENTED = statement(
    "network.count_implemented",
    "UPDATE network SET implemented = implemented + 1 WHERE id = $1 AND implemented = $2 AND removed_ms IS NULL",
)
RESTARTED = statement(
    "network.restarted", "UPDATE network SET restart_required = FALSE WHERE id = $1 AND removed_ms IS NULL"
)
