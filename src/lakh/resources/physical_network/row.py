"""Physical networks, the traffic they carry, the providers on them, and their guest VLANs."""

from __future__ import annotations

from typing import Annotated

from lakh.base.limits import POOL_PAGE
from lakh.store.statement import insert, statement
from lakh.store.table import Index, Ref, Row, table


@table("physical_network", Index("physical_network_uuid", "uuid", unique=True))
class PhysicalNetworkRow(Row):
    """`vlan` is the guest range(s), `100-200,300-400`; `isolation_methods` VLAN, VXLAN, …"""

    id: int
    uuid: str
    name: str
    zone_id: Annotated[int, Ref("zone")]
    domain_id: Annotated[int | None, Ref("domain")]
    state: str
    vlan: str
    isolation_methods: str
    network_speed: str | None
    broadcast_domain_range: str
    tags: str
    created_ms: int
    removed_ms: int | None = None


@table(
    "traffic_type",
    Index("traffic_type_uuid", "uuid", unique=True),
    Index("traffic_type_once", "physical_network_id", "type", where="removed_ms IS NULL", unique=True),
)
class TrafficTypeRow(Row):
    """`label` is the bridge on KVM hosts."""

    id: int
    uuid: str
    physical_network_id: Annotated[int, Ref("physical_network")]
    type: str
    kvm_label: str | None
    vlan: str | None
    removed_ms: int | None = None


@table(
    "service_provider",
    Index("service_provider_uuid", "uuid", unique=True),
    Index("service_provider_once", "physical_network_id", "name", where="removed_ms IS NULL", unique=True),
)
class ServiceProviderRow(Row):
    """`services` is comma-separated."""

    id: int
    uuid: str
    physical_network_id: Annotated[int, Ref("physical_network")]
    name: str
    state: str
    services: str
    removed_ms: int | None = None


@table(
    "guest_vlan",
    Index("guest_vlan_taken", "physical_network_id", "vlan", unique=True),
    Index("guest_vlan_network", "network_id"),
    big=True,
)
class GuestVlanRow(Row):
    """A guest VLAN in use by a network; the unique index decides who gets it."""

    id: int
    physical_network_id: Annotated[int, Ref("physical_network")]
    vlan: int
    network_id: Annotated[int, Ref("network")]
    account_id: Annotated[int, Ref("account")]
    taken_ms: int


INSERT = insert("physical_network.insert", PhysicalNetworkRow)
UPDATE = statement(
    "physical_network.update",
    "UPDATE physical_network SET state = $2, vlan = $3, network_speed = $4, tags = $5"
    " WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE = statement(
    "physical_network.remove",
    "UPDATE physical_network SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM network WHERE physical_network_id = $1 AND removed_ms IS NULL)",
)
INSERT_TRAFFIC = insert("traffic_type.insert", TrafficTypeRow)
UPDATE_TRAFFIC = statement(
    "traffic_type.update", "UPDATE traffic_type SET kvm_label = $2 WHERE id = $1 AND removed_ms IS NULL"
)
REMOVE_TRAFFIC = statement(
    "traffic_type.remove", "UPDATE traffic_type SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
)
INSERT_PROVIDER = insert("service_provider.insert", ServiceProviderRow)
UPDATE_PROVIDER = statement(
    "service_provider.update",
    "UPDATE service_provider SET state = $2, services = $3 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE_PROVIDER = statement(
    "service_provider.remove", "UPDATE service_provider SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
)
INSERT_VLAN = insert("guest_vlan.insert", GuestVlanRow)
TAKEN_VLANS = statement(
    "guest_vlan.taken",
    f"SELECT vlan FROM guest_vlan WHERE physical_network_id = $1 AND vlan > $2 ORDER BY vlan LIMIT {POOL_PAGE}",
)
VLAN_TAKEN = statement(
    "guest_vlan.is_taken", "SELECT network_id FROM guest_vlan WHERE physical_network_id = $1 AND vlan = $2"
)
VLANS_OF = statement("guest_vlan.of_network", "SELECT physical_network_id, vlan FROM guest_vlan WHERE network_id = $1")
GIVE_VLAN_BACK = statement("guest_vlan.give_back", "DELETE FROM guest_vlan WHERE network_id = $1")
