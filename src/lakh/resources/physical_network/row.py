"""Physical networks, the traffic they carry, the providers on them, and their guest VLANs."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert
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


@table("traffic_type", Index("traffic_type_uuid", "uuid", unique=True))
class TrafficTypeRow(Row):
    """`label` is the bridge on KVM hosts."""

    id: int
    uuid: str
    physical_network_id: Annotated[int, Ref("physical_network")]
    type: str
    kvm_label: str | None
    vlan: str | None
    removed_ms: int | None = None


@table("service_provider", Index("service_provider_uuid", "uuid", unique=True))
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
INSERT_TRAFFIC = insert("traffic_type.insert", TrafficTypeRow)
INSERT_PROVIDER = insert("service_provider.insert", ServiceProviderRow)
INSERT_VLAN = insert("guest_vlan.insert", GuestVlanRow)
