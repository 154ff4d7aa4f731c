"""A zone as an operator sets it up through the API, for stories about networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.api import Api
from tests.blank import blank

from lakh.resources.network.system import put_system_networks
from lakh.resources.pod.row import INSERT as INSERT_POD
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import INSERT as INSERT_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec


@dataclass(slots=True)
class Site:
    """A zone with its physical network, by uuid."""

    zone: ZoneRow
    physical: str

    @property
    def zone_id(self) -> str:
        return self.zone.uuid


async def bare_zone(api: Api, name: str = "zone1", *, security_groups: bool = False) -> ZoneRow:
    """A zone and a pod, as rows; nothing on it yet."""
    zone = blank(
        api.cloud,
        ZoneRow,
        name=name,
        network_type="Advanced",
        dns1="192.0.2.53",
        internal_dns1="192.0.2.54",
        guest_cidr="10.1.1.0/24",
        allocation_state="Enabled",
        security_group_enabled=security_groups,
    )
    pod = blank(
        api.cloud,
        PodRow,
        name=f"{name}-pod",
        zone_id=zone.id,
        gateway="10.1.0.1",
        netmask="255.255.0.0",
        start_ip="10.1.255.1",
        end_ip="10.1.255.250",
        allocation_state="Enabled",
    )
    txn = TxnSpec("test.zone").put(INSERT_ZONE, zone).put(INSERT_POD, pod)
    await put_system_networks(api.cloud, txn, zone)
    await api.cloud.store.submit(txn)
    return zone


async def site(api: Api, name: str = "zone1", *, security_groups: bool = False, vlan: str = "100-199") -> Site:
    """A zone with an enabled physical network, its traffic, enabled providers and 50 public addresses."""
    zone = await bare_zone(api, name, security_groups=security_groups)
    return await equip(api, zone, vlan=vlan)


async def equip(api: Api, zone: ZoneRow, *, vlan: str = "100-199", public: str = "192.0.2.{}") -> Site:
    """Puts the physical network and all that lies on it into a zone."""
    admin = api.admin
    made = await admin.job("createPhysicalNetwork", zoneid=zone.uuid, name="physical1", vlan=vlan)
    physical = str(made["id"])
    kinds = ("Guest", "Management") if zone.security_group_enabled else ("Guest", "Public", "Management")
    for kind in kinds:
        await admin.job("addTrafficType", physicalnetworkid=physical, traffictype=kind, kvmnetworklabel="cloudbr0")
    await admin.job("updatePhysicalNetwork", id=physical, state="Enabled")
    await enable_provider(api, physical, "VirtualRouter")
    await enable_provider(api, physical, "SecurityGroupProvider")
    if not zone.security_group_enabled:
        await admin.call(
            "createVlanIpRange",
            zoneid=zone.uuid,
            physicalnetworkid=physical,
            forvirtualnetwork=True,
            vlan="untagged",
            gateway=public.format(1),
            netmask="255.255.255.0",
            startip=public.format(101),
            endip=public.format(150),
        )
    return Site(zone, physical)


async def enable_provider(api: Api, physical: str, name: str) -> None:
    """Configures a provider's element, where it has one, and enables it."""
    found = await api.admin.call("listNetworkServiceProviders", physicalnetworkid=physical, name=name)
    provider = found["networkserviceprovider"][0]["id"]
    elements = await api.admin.call("listVirtualRouterElements", nspid=provider)
    for element in elements.get("virtualrouterelement", []):
        await api.admin.job("configureVirtualRouterElement", id=element["id"], enabled=True)
    await api.admin.job("updateNetworkServiceProvider", id=provider, state="Enabled")


async def offering(api: Api, name: str) -> str:
    """The id of a network offering by name."""
    found: dict[str, Any] = await api.admin.call("listNetworkOfferings", name=name)
    return str(found["networkoffering"][0]["id"])
