"""Zones to offerings of a seeded installation, made by signed requests to its own API, like an operator's."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from lakh.contract.client import Client
from lakh.jobs.cloud import Cloud
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import ADMIN_ACCOUNT
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.pod.row import PodRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.connect import local_path
from lakh.resources.storage_pool.row import SET_LIMIT, SET_SIZE, StoragePoolRow
from lakh.resources.template.new import template_row
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import INSERT_POOL, INSERT_STORE, TemplatePoolRow, TemplateRow, TemplateStoreRow
from lakh.resources.zone.row import ZoneRow
from lakh.seed.size import Size
from lakh.store.statement import TxnSpec, values

OFFERINGS = (("small", 1, 500, 512), ("medium", 1, 1000, 1024), ("large", 2, 1000, 2048))
TEMPLATES = ("debian-12", "ubuntu-24.04", "rocky-9", "windows-2022")
TEMPLATE_BYTES = 2 << 30
POOL_BYTES = 1 << 53
DATA_DISK_GIB = 5


class Zone(msgspec.Struct):
    """One zone with what is in it."""

    row: ZoneRow
    pod: PodRow
    clusters: list[ClusterRow]
    pool: StoragePoolRow
    physical: PhysicalNetworkRow
    hosts: int = 0


class Places(msgspec.Struct):
    """What instances are made of, and where they can be. `root_offerings`: of root disks, by service offering."""

    zones: list[Zone]
    offerings: list[ServiceOfferingRow]
    disk_offering: DiskOfferingRow
    root_offerings: dict[int, DiskOfferingRow]
    network_offering: NetworkOfferingRow
    templates: list[TemplateRow]


async def make_places(cloud: Cloud, admin: Client, size: Size) -> Places:
    """Makes everything. Raises ClientError for what the API refuses."""
    for number in range(1, size.zones + 1):
        await _zone(admin, number, _share(size, number), size.hosts_per_cluster)
    for name, cpus, speed, memory in OFFERINGS:
        await admin.call(
            "createServiceOffering", name=name, displaytext=f"{cpus} CPU, {memory} MiB", cpunumber=cpus,
            cpuspeed=speed, memory=memory,
        )  # fmt: skip
    await admin.call("createDiskOffering", name="data", displaytext="data disk", disksize=DATA_DISK_GIB)
    await admin.call(
        "createNetworkOffering", name="wires", displaytext="Isolated, without services", guestiptype="Isolated",
        traffictype="GUEST", enable=True,
    )  # fmt: skip
    return await _read(cloud, size)


def _share(size: Size, number: int) -> int:
    """Hosts of a zone, of 1 to `size.zones`."""
    return size.hosts * number // size.zones - size.hosts * (number - 1) // size.zones


async def _zone(admin: Client, number: int, hosts: int, hosts_per_cluster: int) -> None:
    made = await admin.call(
        "createZone", name=f"zone-{number}", networktype="Advanced", dns1="192.0.2.53", internaldns1="192.0.2.54",
        guestcidraddress="10.1.0.0/16",
    )  # fmt: skip
    zone_id = made["zone"]["id"]
    await _wires(admin, zone_id, number)
    pod = await admin.call(
        "createPod", name=f"pod-{number}", zoneid=zone_id, gateway=f"172.{15 + number}.0.1", netmask="255.255.0.0",
        startip=f"172.{15 + number}.250.10", endip=f"172.{15 + number}.250.200",
    )  # fmt: skip
    await admin.call(
        "createVlanIpRange", zoneid=zone_id, vlan="untagged", gateway=f"198.51.{number}.1", netmask="255.255.255.0",
        startip=f"198.51.{number}.10", endip=f"198.51.{number}.250", forvirtualnetwork=True,
    )  # fmt: skip
    for index in range(math.ceil(hosts / hosts_per_cluster)):
        await admin.call(
            "addCluster", zoneid=zone_id, podid=pod["pod"]["id"], clustername=f"cluster-{number}-{index + 1}",
            clustertype="CloudManaged", hypervisor="KVM",
        )  # fmt: skip
    await admin.call(
        "createStoragePool", zoneid=zone_id, name=f"primary-{number}", scope="ZONE", hypervisor="KVM",
        url=f"nfs://192.0.2.10/export/primary{number}",
    )  # fmt: skip
    await admin.call(
        "addImageStore", zoneid=zone_id, name=f"secondary-{number}", provider="NFS",
        url=f"nfs://192.0.2.11/export/secondary{number}",
    )  # fmt: skip
    await admin.call("updateZone", id=zone_id, allocationstate="Enabled")


async def _wires(admin: Client, zone_id: str, number: int) -> None:
    made = await admin.job(
        "createPhysicalNetwork", zoneid=zone_id, name=f"physical-{number}", vlan="5000-5000000",
        isolationmethods="VXLAN",
    )  # fmt: skip
    network_id = made["physicalnetwork"]["id"]
    for kind, label in (("Management", "cloudbr0"), ("Guest", "cloudbr1"), ("Public", "cloudbr0")):
        await admin.job("addTrafficType", physicalnetworkid=network_id, traffictype=kind, kvmnetworklabel=label)
    await admin.job("updatePhysicalNetwork", id=network_id, state="Enabled")
    listed = await admin.call("listNetworkServiceProviders", physicalnetworkid=network_id, name="VirtualRouter")
    provider = listed["networkserviceprovider"][0]
    elements = await admin.call("listVirtualRouterElements", nspid=provider["id"])
    await admin.job("configureVirtualRouterElement", id=elements["virtualrouterelement"][0]["id"], enabled=True)
    await admin.job("updateNetworkServiceProvider", id=provider["id"], state="Enabled")


async def _read(cloud: Cloud, size: Size) -> Places:
    snapshots = cloud.snapshots
    pods, pools = await snapshots.of(PodRow), await snapshots.of(StoragePoolRow)
    wires, clusters = await snapshots.of(PhysicalNetworkRow), await snapshots.of(ClusterRow)
    zones = []
    for number, row in enumerate(await snapshots.of(ZoneRow), 1):
        zones.append(
            Zone(
                row=row,
                pod=next(p for p in pods if p.zone_id == row.id),
                clusters=[c for c in clusters if c.zone_id == row.id],
                pool=next(p for p in pools if p.zone_id == row.id),
                physical=next(p for p in wires if p.zone_id == row.id),
                hosts=_share(size, number),
            )
        )
    offerings = [o for o in await snapshots.of(ServiceOfferingRow) if o.name in [name for name, *_ in OFFERINGS]]
    disks = await snapshots.of(DiskOfferingRow)
    return Places(
        zones=zones,
        root_offerings={o.id: disks.by_id[o.disk_offering_id] for o in offerings if o.disk_offering_id is not None},
        offerings=sorted(offerings, key=lambda o: o.id),
        disk_offering=next(o for o in disks if o.name == "data"),
        network_offering=next(o for o in await snapshots.of(NetworkOfferingRow) if o.name == "wires"),
        templates=await _templates(cloud, zones),
    )


async def _templates(cloud: Cloud, zones: list[Zone]) -> list[TemplateRow]:
    """Templates that lie, Ready, on every image store and every pool; and the pools' sizes as hosts would tell them."""
    owner = await cloud.part(Accounts).get(ADMIN_ACCOUNT)
    assert owner is not None
    stores = {store.zone_id: store for store in await cloud.snapshots.of(ImageStoreRow)}
    txn, made = TxnSpec("seed.templates"), []
    for zone in zones:
        txn.add(SET_SIZE, zone.pool.id, POOL_BYTES).add(SET_LIMIT, zone.pool.id, 2 * POOL_BYTES, 0)
    for name in TEMPLATES:
        row = template_row(
            cloud, owner, name, os_type_id=1, format="QCOW2", url=f"http://192.0.2.80/images/{name}.qcow2",
            size_bytes=TEMPLATE_BYTES, is_public=True, is_featured=True, cross_zones=True,
        )  # fmt: skip
        made.append(row)
        txn.put(INSERT_TEMPLATE, row)
        for zone in zones:
            store = stores[zone.row.id]
            copy = TemplateStoreRow(
                template_id=row.id,
                store_id=store.id,
                zone_id=zone.row.id,
                state="Ready",
                download_state="DOWNLOADED",
                percent=100,
                install_path=f"template/tmpl/{owner.id}/{row.id}/{cloud.uuid()}.qcow2",
                size_bytes=TEMPLATE_BYTES,
                physical_size_bytes=TEMPLATE_BYTES // 4,
                remote_job=None,
                error=None,
                updated_ms=cloud.now_ms(),
            )
            txn.put(INSERT_STORE, copy)
            path = f"{local_path(zone.pool)}/{cloud.uuid()}"
            on_pool = TemplatePoolRow(row.id, zone.pool.id, path, TEMPLATE_BYTES, cloud.now_ms())
            txn.add(INSERT_POOL, *values(on_pool), expect=None)
    await cloud.store.submit(txn)
    return made


def fleet_map(places: Places, size: Size) -> list[dict[str, Any]]:
    """What a fleet is told of its clusters, so that it is the hosts of this installation."""
    found = []
    for zone in places.zones:
        for index, cluster in enumerate(zone.clusters):
            count = min(size.hosts_per_cluster, zone.hosts - index * size.hosts_per_cluster)
            place = {"zone": zone.row.name, "pod": zone.pod.name, "cluster": cluster.name}
            found.append({**place, "count": count})
    return found
