"""A whole installation built through signed requests to the public API, the way an operator's script would.

Two zones: an advanced one with an isolated network and its virtual router, and one with security groups and a shared
network. Clusters of twenty hosts; the second zone gets every fiftieth cluster, at least one from two clusters on.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lakh.contract.client import Client

HOSTS_PER_CLUSTER = 20
TEMPLATE_URL = "http://192.0.2.80/images/debian-12.qcow2"
UNLIMITED_TYPES = (0, 1, 2, 6, 8, 9, 10)  # Instances, addresses, volumes, networks, CPUs, memory, primary storage
_ISOLATED = "Demo isolated"

Progress = Callable[[str], None]


@dataclass(slots=True)
class Zone:
    """What was built of one zone; uuids as the API gave them."""

    id: str
    name: str
    template_id: str = ""
    network_id: str = ""
    grouped: bool = False
    clusters: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Installation:
    """What the deployments need, and the map that tells the fleet where its hosts belong."""

    zones: list[Zone]
    offering_id: str
    api_key: str
    secret_key: str
    account: str
    hosts: int

    def fleet_map(self) -> list[dict[str, Any]]:
        return [entry for zone in self.zones for entry in zone.clusters]


def split(hosts: int, hosts_per_cluster: int = HOSTS_PER_CLUSTER) -> list[int]:
    """Hosts per zone: the second zone has a fiftieth, in whole clusters, once there are two clusters."""
    clusters = math.ceil(hosts / hosts_per_cluster)
    if clusters < 2:
        return [hosts]
    second = max(1, clusters // 50) * hosts_per_cluster
    return [hosts - second, second]


async def lay(admin: Client, hosts: int, hosts_per_cluster: int) -> list[dict[str, Any]]:
    """One zone with its pools and clusters, for those who only connect hosts; returns the fleet's map."""
    return (await _zone(admin, 1, hosts, security_groups=False, hosts_per_cluster=hosts_per_cluster)).clusters


@dataclass(frozen=True, slots=True)
class Wanted:
    """A zone to be: `grouped` with security groups and a shared network, else with an isolated one and its router."""

    hosts: int
    hosts_per_cluster: int = HOSTS_PER_CLUSTER
    grouped: bool = False


async def prepare(
    admin: Client, hosts: int, progress: Progress, hosts_per_cluster: int = HOSTS_PER_CLUSTER
) -> Installation:
    """The usual two zones (`build`)."""
    shares = split(hosts, hosts_per_cluster)
    return await build(
        admin, [Wanted(share, hosts_per_cluster, number == 2) for number, share in enumerate(shares, 1)], progress
    )


async def build(admin: Client, wanted: Sequence[Wanted], progress: Progress) -> Installation:
    """Zones to offerings, and an account with keys: all that can be made before any host is there."""
    zones = []
    for number, want in enumerate(wanted, 1):
        progress(f"zone {number} with {want.hosts} hosts")
        zones.append(
            await _zone(
                admin, number, want.hosts, security_groups=want.grouped, hosts_per_cluster=want.hosts_per_cluster
            )
        )
    progress("offerings and an account")
    offering = await admin.call(
        "createServiceOffering", name="Demo", displaytext="1 CPU, 512 MiB", cpunumber=1, cpuspeed=500, memory=512
    )
    await admin.call("createDiskOffering", name="Demo disk", displaytext="5 GiB", disksize=5)
    api_key, secret_key = await account(admin)
    hosts = sum(want.hosts for want in wanted)
    return Installation(zones, offering["serviceoffering"]["id"], api_key, secret_key, "demo", hosts)


async def furnish(admin: Client, user: Client, installation: Installation, progress: Progress) -> None:
    """Templates and networks: what needs storage and system VMs, so hosts must be Up."""
    progress("templates")
    for zone in installation.zones:
        made = await admin.call(
            "registerTemplate", name=f"debian-12-{zone.name}", displaytext="Debian 12", format="QCOW2",
            hypervisor="KVM", ostypeid=await _os_type(admin), url=TEMPLATE_URL, zoneid=zone.id, ispublic=True,
            isfeatured=True, passwordenabled=True,
        )  # fmt: skip
        zone.template_id = made["template"][0]["id"]
    progress("networks")
    offering_id = await _isolated_offering(admin)
    for zone in installation.zones:
        if zone.grouped:
            await _shared_network(admin, zone)
        else:
            await _isolated_network(user, zone, offering_id)
    for zone in installation.zones:
        await until(partial(_template_ready, admin, zone), 120, f"template in {zone.name} is not ready")


async def _zone(
    admin: Client,
    number: int,
    hosts: int,
    *,
    security_groups: bool,
    hosts_per_cluster: int = HOSTS_PER_CLUSTER,
) -> Zone:
    made = await admin.call(
        "createZone", name=f"zone-{number}", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.54",
        securitygroupenabled=security_groups, guestcidraddress=None if security_groups else "10.1.0.0/16",
    )  # fmt: skip
    zone = Zone(made["zone"]["id"], made["zone"]["name"], grouped=security_groups)
    await _physical_network(admin, zone, number, security_groups)
    pod = await admin.call(
        "createPod", name=f"pod-{number}", zoneid=zone.id, gateway=f"10.{63 + number}.0.1", netmask="255.255.0.0",
        startip=f"10.{63 + number}.250.10", endip=f"10.{63 + number}.250.200",
    )  # fmt: skip
    if not security_groups:
        await admin.call(
            "createVlanIpRange", zoneid=zone.id, vlan="untagged", gateway=f"198.51.{99 + number}.1",
            netmask="255.255.255.0", startip=f"198.51.{99 + number}.10", endip=f"198.51.{99 + number}.250",
            forvirtualnetwork=True,
        )  # fmt: skip
    for index in range(math.ceil(hosts / hosts_per_cluster)):
        cluster = await admin.call(
            "addCluster", zoneid=zone.id, podid=pod["pod"]["id"], clustername=f"cluster-{number}-{index + 1}",
            clustertype="CloudManaged", hypervisor="KVM",
        )  # fmt: skip
        name = cluster["cluster"][0]["name"]
        count = min(hosts_per_cluster, hosts - index * hosts_per_cluster)
        zone.clusters.append({"zone": zone.name, "pod": f"pod-{number}", "cluster": name, "count": count})
    await admin.call(
        "createStoragePool", zoneid=zone.id, name=f"primary-{number}", scope="ZONE", hypervisor="KVM",
        url=f"nfs://192.0.2.10/export/primary{number}",
    )  # fmt: skip
    await admin.call(
        "addImageStore", zoneid=zone.id, name=f"secondary-{number}", provider="NFS",
        url=f"nfs://192.0.2.11/export/secondary{number}",
    )  # fmt: skip
    await admin.call("updateZone", id=zone.id, allocationstate="Enabled")
    return zone


async def _physical_network(admin: Client, zone: Zone, number: int, security_groups: bool) -> None:
    made = await admin.job(
        "createPhysicalNetwork", zoneid=zone.id, name=f"physical-{number}", vlan="100-999", isolationmethods="VLAN"
    )
    network_id = made["physicalnetwork"]["id"]
    traffic = ["Management", "Guest"] if security_groups else ["Management", "Guest", "Public"]
    for kind in traffic:
        label = "cloudbr1" if kind == "Guest" else "cloudbr0"
        await admin.job("addTrafficType", physicalnetworkid=network_id, traffictype=kind, kvmnetworklabel=label)
    await admin.job("updatePhysicalNetwork", id=network_id, state="Enabled")
    wanted = ["VirtualRouter", "SecurityGroupProvider"] if security_groups else ["VirtualRouter"]
    for name in wanted:
        listed = await admin.call("listNetworkServiceProviders", physicalnetworkid=network_id, name=name)
        provider = listed["networkserviceprovider"][0]
        if name == "VirtualRouter":
            elements = await admin.call("listVirtualRouterElements", nspid=provider["id"])
            element = elements["virtualrouterelement"][0]
            await admin.job("configureVirtualRouterElement", id=element["id"], enabled=True)
        await admin.job("updateNetworkServiceProvider", id=provider["id"], state="Enabled")


async def account(admin: Client) -> tuple[str, str]:
    """An account `demo` that may own as much as it likes; returns its API and secret key."""
    domains = await admin.call("listDomains", name="ROOT")
    domain_id = domains["domain"][0]["id"]
    made = await admin.call(
        "createAccount", username="demo", password="demo-password", firstname="Demo", lastname="User",
        email="demo@example.org", accounttype=0, domainid=domain_id,
    )  # fmt: skip
    for number in UNLIMITED_TYPES:
        await admin.call("updateResourceLimit", account="demo", domainid=domain_id, resourcetype=number, max=-1)
    keys = await admin.call("registerUserKeys", id=made["account"]["user"][0]["id"])
    return keys["userkeys"]["apikey"], keys["userkeys"]["secretkey"]


async def _isolated_offering(admin: Client) -> str:
    services = ["Dhcp", "Dns", "UserData", "SourceNat", "StaticNat", "PortForwarding", "Firewall", "Lb", "Vpn"]
    made = await admin.call(
        "createNetworkOffering", name=_ISOLATED, displaytext="Isolated network with a virtual router",
        guestiptype="Isolated", traffictype="GUEST", conservemode=True, supportedservices=services,
        serviceproviderlist=[{"service": s, "provider": "VirtualRouter"} for s in services],
    )  # fmt: skip
    offering_id = str(made["networkoffering"]["id"])
    await admin.call("updateNetworkOffering", id=offering_id, state="Enabled")
    return offering_id


async def _isolated_network(user: Client, zone: Zone, offering_id: str, name: str = "demo") -> None:
    network = await user.call(
        "createNetwork", zoneid=zone.id, name=name, displaytext="Demo network", networkofferingid=offering_id,
        gateway="10.1.0.1", netmask="255.255.0.0",
    )  # fmt: skip
    zone.network_id = network["network"]["id"]


async def first_network(admin: Client, user: Client, zone: Zone) -> None:
    """The offering of isolated networks, and one of it."""
    await _isolated_network(user, zone, await _isolated_offering(admin))


async def next_network(admin: Client, user: Client, zone: Zone, number: int) -> None:
    """One more isolated network; from now on VMs of the zone go there."""
    listed = await admin.call("listNetworkOfferings", name=_ISOLATED)
    await _isolated_network(user, zone, listed["networkoffering"][0]["id"], f"demo-{number}")


async def _shared_network(admin: Client, zone: Zone) -> None:
    listed = await admin.call("listNetworkOfferings", name="DefaultSharedNetworkOfferingWithSGService")
    network = await admin.call(
        "createNetwork", zoneid=zone.id, name="shared", displaytext="Shared network with security groups",
        networkofferingid=listed["networkoffering"][0]["id"], gateway="10.200.0.1", netmask="255.255.0.0",
        startip="10.200.1.1", endip="10.200.250.250", vlan="50",
    )  # fmt: skip
    zone.network_id = network["network"]["id"]


async def _os_type(admin: Client) -> str:
    listed = await admin.call("listOsTypes", description="Debian GNU/Linux 12 (64-bit)")
    if not listed.get("ostype"):
        listed = await admin.call("listOsTypes", page=1, pagesize=1)
    return str(listed["ostype"][0]["id"])


async def _template_ready(admin: Client, zone: Zone) -> bool:
    listed = await admin.call("listTemplates", templatefilter="all", id=zone.template_id, zoneid=zone.id)
    return any(t.get("isready") for t in listed.get("template", []))


async def until(ready: Callable[[], Awaitable[bool]], seconds: float, otherwise: str) -> None:
    """Asks every quarter second. Raises TimeoutError with the text `otherwise`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await ready():
        if loop.time() > deadline:
            raise TimeoutError(f"{otherwise} after {seconds:g} s")
        await asyncio.sleep(0.25)
