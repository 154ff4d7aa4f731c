"""Physical networks and what lies on them as the API shows them."""

from __future__ import annotations

from lakh.catalogue.networks import network_providers
from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.domain.row import DomainRow
from lakh.resources.network_service.view import ProviderView
from lakh.resources.physical_network.row import PhysicalNetworkRow, ServiceProviderRow, TrafficTypeRow
from lakh.resources.zone.row import ZoneRow


class PhysicalNetworkView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    broadcastdomainrange: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    state: str | None = None
    networkspeed: str | None = None
    vlan: str | None = None
    tags: str | None = None
    isolationmethods: str | None = None
    domainid: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "physicalnetwork"


class TrafficTypeView(View, kw_only=True):
    id: str | None = None
    traffictype: str | None = None
    physicalnetworkid: str | None = None
    kvmnetworklabel: str | None = None
    vlan: str | None = None
    isolationmethods: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "traffictype"


class ServiceProviderView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    physicalnetworkid: str | None = None
    destinationphysicalnetworkid: str | None = None
    state: str | None = None
    servicelist: list[str] | None = None
    canenableindividualservice: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "networkserviceprovider"


async def physical_network_view(cloud: Cloud, row: PhysicalNetworkRow) -> PhysicalNetworkView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id.get(row.zone_id)
    domain = (await cloud.snapshots.of(DomainRow)).by_id.get(row.domain_id or 0)
    return PhysicalNetworkView(
        id=row.uuid,
        name=row.name,
        broadcastdomainrange=row.broadcast_domain_range,
        zoneid=zone.uuid if zone else None,
        zonename=zone.name if zone else None,
        state=row.state,
        networkspeed=row.network_speed,
        vlan=row.vlan or None,
        tags=row.tags or None,
        isolationmethods=row.isolation_methods or None,
        domainid=domain.uuid if domain else None,
    )


async def traffic_type_view(cloud: Cloud, row: TrafficTypeRow) -> TrafficTypeView:
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id[row.physical_network_id]
    return TrafficTypeView(
        id=row.uuid,
        traffictype=row.type,
        physicalnetworkid=physical.uuid,
        kvmnetworklabel=row.kvm_label,
        vlan=row.vlan,
        isolationmethods=physical.isolation_methods or None,
    )


async def service_provider_view(cloud: Cloud, row: ServiceProviderRow) -> ServiceProviderView:
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id[row.physical_network_id]
    return ServiceProviderView(
        id=row.uuid,
        name=row.name,
        physicalnetworkid=physical.uuid,
        destinationphysicalnetworkid="0",
        state=row.state,
        servicelist=[s for s in row.services.split(",") if s],
        canenableindividualservice=row.name not in _ALL_OR_NOTHING,
    )


_ALL_OR_NOTHING = frozenset({"SecurityGroupProvider", "BaremetalDhcpProvider", "BaremetalPxeProvider", "InternalLbVm"})


def services_of(provider: str) -> str:
    """All services of a provider as its row holds them. Raises KeyError for an unknown one."""
    return ",".join(network_providers()[provider].services)


__all__ = [
    "PhysicalNetworkView",
    "ProviderView",
    "ServiceProviderView",
    "TrafficTypeView",
    "physical_network_view",
    "service_provider_view",
    "services_of",
    "traffic_type_view",
]
