"""Network offerings: services with their providers, and flags."""

from __future__ import annotations

from lakh.store.statement import insert, statement
from lakh.store.table import Index, Row, table


@table("network_offering", Index("network_offering_uuid", "uuid", unique=True))
class NetworkOfferingRow(Row):
    """`services_json` maps service name to its list of providers, `capabilities_json` service to capability values."""

    id: int
    uuid: str
    name: str
    unique_name: str
    display_text: str
    traffic_type: str
    guest_type: str | None
    state: str
    availability: str
    is_default: bool
    is_system: bool
    specify_vlan: bool
    specify_ip_ranges: bool
    is_persistent: bool
    conserve_mode: bool
    for_vpc: bool
    egress_default_policy: bool
    redundant_router: bool
    network_rate_mbps: int | None
    max_connections: int | None
    services_json: str
    capabilities_json: str
    service_offering_id: int | None
    domain_ids: str
    zone_ids: str
    details_json: str
    sort_key: int
    created_ms: int
    removed_ms: int | None = None
    tags: str | None = None


INSERT = insert("network_offering.insert", NetworkOfferingRow)
UPDATE = statement(
    "network_offering.update",
    "UPDATE network_offering SET name = $2, display_text = $3, sort_key = $4, state = $5, availability = $6,"
    " max_connections = $7, tags = $8, domain_ids = $9, zone_ids = $10 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "network_offering.remove",
    "UPDATE network_offering SET removed_ms = $2, state = 'Disabled' WHERE id = $1 AND removed_ms IS NULL",
)
