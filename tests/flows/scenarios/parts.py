"""What scenarios are made of: VMs, accounts and places, each under a name of its own."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
from tests.blank import blank
from tests.flows.server import Server

from lakh.agent.dispatch import execute
from lakh.agent.host import Host
from lakh.resources.account.row import INSERT as INSERT_ACCOUNT
from lakh.resources.account.row import USER, AccountRow
from lakh.resources.command import Caller
from lakh.resources.disk_offering.row import INSERT as INSERT_DISK_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.domain.row import INSERT as INSERT_DOMAIN
from lakh.resources.domain.row import DomainRow
from lakh.resources.limit.row import ACCOUNT, DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.physical_network.row import PhysicalNetworkRow, ServiceProviderRow
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.connect import modify_command
from lakh.resources.storage_pool.row import INSERT as INSERT_POOL
from lakh.resources.storage_pool.row import INSERT_CAPACITY, StoragePoolCapacityRow, StoragePoolRow
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import INSERT_STORE as INSERT_TEMPLATE_STORE
from lakh.resources.template.row import TemplateRow, TemplateStoreRow
from lakh.resources.user.row import INSERT as INSERT_USER
from lakh.resources.user.row import UserRow
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow
from lakh.resources.vlan.row import INSERT as INSERT_RANGE
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow

GIB = 1 << 30
NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"

_numbers = itertools.count(1)
_vlans = itertools.cycle(range(100, 4000, 10))


def fresh(word: str) -> str:
    """A name that nothing else has."""
    return f"{word}-{next(_numbers)}"


def deployment(server: Server, **more: Any) -> dict[str, Any]:
    """Parameters of a deployVirtualMachine in this world, by row id."""
    made = server.world.made
    return {
        "zoneid": made.zone.id,
        "templateid": made.template.id,
        "serviceofferingid": made.offering.id,
        "networkids": [made.network.id],
        "name": fresh("vm"),
        **more,
    }


async def deployed(server: Server, **more: Any) -> VmRow:
    """A running VM with a data disk."""
    more.setdefault("diskofferingid", server.world.made.disk_offering.id)
    made = await server.call("deployVirtualMachine", **deployment(server, **more))
    return await server.find(VmRow, made["id"])


async def stopped(server: Server, **more: Any) -> VmRow:
    """A VM that ran once."""
    vm = await deployed(server, **more)
    await server.call("stopVirtualMachine", id=vm.id)
    return await server.row(VmRow, vm.id)


async def vm_state(server: Server, vm: VmRow) -> str:
    """The VM's state, or Gone."""
    row = await server.row(VmRow, vm.id)
    return row.state if row.removed_ms is None else "Gone"


async def account_of(server: Server, domain_id: int = 1) -> tuple[AccountRow, Caller]:
    """A user's account in a domain, and its user as a caller."""
    cloud, name = server.cloud, fresh("account")
    account = blank(cloud, AccountRow, name=name, type=USER, role_id=4, domain_id=domain_id, state="enabled")
    user = blank(
        cloud, UserRow, username=name, password="!", account_id=account.id, domain_id=domain_id, state="enabled",
        source="native",
    )  # fmt: skip
    count = ResourceCountRow(owner_kind=ACCOUNT, owner_id=account.id)
    await server.put((INSERT_ACCOUNT, account), (INSERT_USER, user), (INSERT_COUNT, count))
    domain = await server.row(DomainRow, domain_id)
    return account, Caller(user.id, account.id, domain_id, USER, 4, name, domain.path)


async def domain_under(server: Server, parent: DomainRow | None = None) -> DomainRow:
    """A domain below `parent`, by default ROOT."""
    made = server.cloud.id("domain")
    path = f"{parent.path if parent else '/1/'}{made}/"
    row = blank(
        server.cloud, DomainRow, id=made, name=fresh("domain"), parent_id=parent.id if parent else 1, path=path,
        level=path.count("/") - 2, state="Active",
    )  # fmt: skip
    count = ResourceCountRow(owner_kind=DOMAIN, owner_id=row.id)
    await server.put((INSERT_DOMAIN, row), (INSERT_COUNT, count))
    return row


async def physical_network(server: Server) -> PhysicalNetworkRow:
    """Another physical network of the zone, through the API, with its providers."""
    made = await server.call("createPhysicalNetwork", zoneid=server.world.made.zone.id, name=fresh("physical"))
    return await server.find(PhysicalNetworkRow, made["id"])


async def isolated_network(server: Server) -> NetworkRow:
    """An isolated network on a physical network of its own, without anything yet."""
    physical, vlan = await physical_network(server), next(_vlans)
    await server.call("updatePhysicalNetwork", id=physical.id, state="Enabled", vlan=f"{vlan}-{vlan + 9}")
    await server.call("addTrafficType", physicalnetworkid=physical.id, traffictype="Guest")
    providers = await server.all(ServiceProviderRow)
    router = next(p for p in providers if p.physical_network_id == physical.id and p.name == "VirtualRouter")
    element = next(e for e in await server.all(VirtualRouterElementRow) if e.provider_id == router.id)
    await server.call("configureVirtualRouterElement", id=element.id, enabled=True)
    await server.call("updateNetworkServiceProvider", id=router.id, state="Enabled")
    offering = next(o for o in await server.all(NetworkOfferingRow) if o.unique_name == NAT)
    name = fresh("network")
    await server.call(
        "createNetwork", name=name, networkofferingid=offering.id, zoneid=physical.zone_id,
        physicalnetworkid=physical.id,
    )  # fmt: skip
    return next(n for n in await server.all(NetworkRow) if n.name == name)


async def implemented_network(server: Server) -> NetworkRow:
    """One with its router, and a VM in it."""
    network = await isolated_network(server)
    await deployed(server, networkids=[network.id])
    return await server.row(NetworkRow, network.id)


async def disk_on_paper(server: Server, **more: Any) -> VolumeRow:
    """A data disk that was never attached."""
    made = server.world.made
    more.setdefault("diskofferingid", made.disk_offering.id)
    answer = await server.call("createVolume", zoneid=made.zone.id, name=fresh("disk"), **more)
    return await server.find(VolumeRow, answer["id"])


async def disks_of(server: Server, vm: VmRow) -> list[VolumeRow]:
    """Its volumes, the root disk first."""
    return sorted((v for v in await server.all(VolumeRow) if v.vm_id == vm.id), key=lambda v: v.device_id or 0)


async def data_disk(server: Server, vm: VmRow) -> VolumeRow:
    return next(v for v in await disks_of(server, vm) if v.type == "DATADISK")


async def detached_disk(server: Server) -> VolumeRow:
    """A data disk with a file that is attached to nothing."""
    volume = await data_disk(server, await deployed(server))
    await server.call("detachVolume", id=volume.id)
    return await server.row(VolumeRow, volume.id)


def files_of(server: Server, volume: VolumeRow) -> dict[str, int]:
    """The volume's files by what lies on storage: pool to bytes."""
    return {f.pool: f.size_bytes for f, _ in server.world.storage.volumes() if f.name == volume.uuid}


async def disk_offering(server: Server, gib: int) -> DiskOfferingRow:
    """An offering of so many GiB."""
    row = blank(
        server.cloud, DiskOfferingRow, name=fresh("offering"), disk_bytes=gib * GIB, state="Active",
        storage_type="shared", provisioning_type="thin",
    )  # fmt: skip
    await server.put((INSERT_DISK_OFFERING, row))
    return row


async def second_pool(server: Server) -> StoragePoolRow:
    """Another pool of the zone that all hosts have mounted."""
    first = server.world.made.pool
    path = f"/export/{fresh('pool')}"
    pool = blank(
        server.cloud, StoragePoolRow, name=path, type=first.type, scope="ZONE", status="Up", provider=first.provider,
        hypervisor="KVM", zone_id=first.zone_id, host_address="192.0.2.20", path=path, port=2049,
        capacity_bytes=first.capacity_bytes,
    )  # fmt: skip
    await server.put((INSERT_POOL, pool), (INSERT_CAPACITY, StoragePoolCapacityRow(pool.id, 1 << 45, 0, 0)))
    for host in server.hosts.hosts.values():
        if isinstance(host, Host):
            execute(host, modify_command(pool))
    return pool


async def shared_network(server: Server, **more: Any) -> NetworkRow:
    """Another shared network of the zone, without services."""
    first, third = server.world.made.network, next(_numbers)
    subnet = f"10.{third % 200 + 20}"
    network = blank(
        server.cloud, NetworkRow,
        **msgspec.structs.asdict(first) | {
            "id": server.cloud.id("network"), "uuid": server.cloud.uuid(), "name": fresh("shared"),
            "broadcast_uri": f"vlan://{third % 4000 + 60}", "cidr": f"{subnet}.0.0/16", "gateway": f"{subnet}.0.1",
            **more,
        },
    )  # fmt: skip
    ip_range = blank(
        server.cloud, VlanRangeRow, zone_id=first.zone_id, physical_network_id=first.physical_network_id,
        network_id=network.id, traffic_type="Guest", vlan=network.broadcast_uri, gateway=network.gateway,
        netmask="255.255.0.0", start_ip=f"{subnet}.1.0", end_ip=f"{subnet}.9.0",
    )  # fmt: skip
    await server.put((INSERT_NETWORK, network), (INSERT_RANGE, ip_range))
    return network


async def template(server: Server, **more: Any) -> TemplateRow:
    """Another template, with its file on the zone's image store."""
    made, unique = server.world.made, fresh("template")
    row = blank(
        server.cloud, TemplateRow,
        **msgspec.structs.asdict(made.template) | {
            "id": server.cloud.id("template"), "uuid": server.cloud.uuid(), "unique_name": unique, "name": unique,
            "url": f"http://192.0.2.80/{unique}", **more,
        },
    )  # fmt: skip
    copy = blank(
        server.cloud, TemplateStoreRow, template_id=row.id, store_id=made.store.id, zone_id=made.zone.id, state="Ready",
        download_state="DOWNLOADED", percent=100, install_path=f"template/tmpl/2/{row.id}/{unique}.qcow2",
        size_bytes=row.size_bytes, physical_size_bytes=GIB,
    )  # fmt: skip
    await server.put((INSERT_TEMPLATE, row), (INSERT_TEMPLATE_STORE, copy))
    return row


async def offering(server: Server, **more: Any) -> ServiceOfferingRow:
    """A service offering of 2 CPUs of 1 GHz and 1 GiB, unless told otherwise."""
    given = {"cpus": 2, "speed_mhz": 1000, "memory_mb": 1024, "storage_type": "shared", "provisioning_type": "thin",
             "state": "Active", "name": fresh("offering"), **more}  # fmt: skip
    row = blank(server.cloud, ServiceOfferingRow, **given)
    await server.put((INSERT_OFFERING, row))
    return row
