"""Rows of a small installation, written with the product's own insert statements."""

from __future__ import annotations

from dataclasses import dataclass

from tests.blank import blank

from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import INSERT as INSERT_CLUSTER
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.disk_offering.row import INSERT as INSERT_DISK_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.row import INSERT as INSERT_HOST
from lakh.resources.host.row import INSERT_CAPACITY as INSERT_HOST_CAPACITY
from lakh.resources.host.row import HostCapacityRow, HostRow
from lakh.resources.image_store.row import INSERT as INSERT_STORE
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.network.row import INSERT as INSERT_NETWORK
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system import put_system_networks
from lakh.resources.network_offering.row import INSERT as INSERT_NETWORK_OFFERING
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.physical_network.row import INSERT as INSERT_PHYSICAL
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.pod.row import INSERT as INSERT_POD
from lakh.resources.pod.row import PodRow
from lakh.resources.service_offering.row import INSERT as INSERT_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.row import CONNECT, StoragePoolCapacityRow, StoragePoolHostRow, StoragePoolRow
from lakh.resources.storage_pool.row import INSERT as INSERT_POOL
from lakh.resources.storage_pool.row import INSERT_CAPACITY as INSERT_POOL_CAPACITY
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import INSERT_STORE as INSERT_TEMPLATE_STORE
from lakh.resources.template.row import TemplateRow, TemplateStoreRow
from lakh.resources.template.system import assume_system_templates
from lakh.resources.vlan.row import INSERT as INSERT_RANGE
from lakh.resources.vlan.row import UNTAGGED, VlanRangeRow
from lakh.resources.zone.row import INSERT as INSERT_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

GIB = 1 << 30


@dataclass(slots=True)
class Made:
    """What `insert_world` wrote."""

    zone: ZoneRow
    pod: PodRow
    cluster: ClusterRow
    hosts: list[HostRow]
    pool: StoragePoolRow
    store: ImageStoreRow
    template: TemplateRow
    offering: ServiceOfferingRow
    disk_offering: DiskOfferingRow
    network: NetworkRow


async def insert_world(cloud: Cloud, *, hosts: int, cpus: int, memory_bytes: int) -> Made:
    """A zone with one cluster of `hosts` Up hosts, a zone-wide pool, a Ready template and a shared network."""
    zone, pod, cluster = _places(cloud)
    pool, store = _storage(cloud, zone)
    template = _template(cloud)
    offering, disk_offering = _offerings(cloud)
    network_rows = _network(cloud, zone)
    made_hosts = [_host(cloud, cluster, number, cpus, memory_bytes) for number in range(1, hosts + 1)]
    txn = TxnSpec("test.world").put(INSERT_ZONE, zone).put(INSERT_POD, pod).put(INSERT_CLUSTER, cluster)
    txn.put(INSERT_POOL, pool)
    txn.put(INSERT_POOL_CAPACITY, StoragePoolCapacityRow(pool.id, pool.capacity_bytes * 2, 0, 0))
    txn.put(INSERT_STORE, store).put(INSERT_TEMPLATE, template)
    copy = TemplateStoreRow(
        template.id,
        store.id,
        zone.id,
        "Ready",
        "DOWNLOADED",
        100,
        "template/tmpl/2/1/x.qcow2",
        2 * GIB,
        GIB,
        None,
        None,
        0,
    )
    txn.put(INSERT_TEMPLATE_STORE, copy).put(INSERT_OFFERING, offering).put(INSERT_DISK_OFFERING, disk_offering)
    physical, network_offering, network, ip_range = network_rows
    txn.put(INSERT_PHYSICAL, physical).put(INSERT_NETWORK_OFFERING, network_offering)
    txn.put(INSERT_NETWORK, network).put(INSERT_RANGE, ip_range)
    for host in made_hosts:
        txn.put(INSERT_HOST, host)
        txn.put(INSERT_HOST_CAPACITY, HostCapacityRow(host.id, cpus * 2000, 0, cpus, 0, memory_bytes, 0, 0, 1.0, 1.0))
        txn.put(CONNECT, StoragePoolHostRow(pool.id, host.id, "/mnt//x", cloud.now_ms()))
    await cloud.store.submit(txn)
    return Made(zone, pod, cluster, made_hosts, pool, store, template, offering, disk_offering, network)


def _places(cloud: Cloud) -> tuple[ZoneRow, PodRow, ClusterRow]:
    zone = blank(cloud, ZoneRow, name="zone1", network_type="Advanced", dns1="192.0.2.53", allocation_state="Enabled")
    pod = blank(
        cloud, PodRow, name="pod1", zone_id=zone.id, gateway="10.1.0.1", netmask="255.255.0.0", start_ip="10.1.255.1",
        end_ip="10.1.255.250", allocation_state="Enabled",
    )  # fmt: skip
    cluster = blank(
        cloud, ClusterRow, name="cluster1", zone_id=zone.id, pod_id=pod.id, hypervisor="KVM",
        cluster_type="CloudManaged", arch="x86_64", allocation_state="Enabled", managed_state="Managed",
        cpu_overcommit=1.0, memory_overcommit=1.0,
    )  # fmt: skip
    return zone, pod, cluster


def _host(cloud: Cloud, cluster: ClusterRow, number: int, cpus: int, memory_bytes: int) -> HostRow:
    return blank(
        cloud, HostRow, guid=f"guid-{number}", name=f"kvm-{number:06d}", type="Routing", status="Up",
        resource_state="Enabled", zone_id=cluster.zone_id, pod_id=cluster.pod_id, cluster_id=cluster.id,
        hypervisor="KVM", arch="x86_64", private_ip=f"10.1.{number >> 8}.{number & 255}", cpu_sockets=2, cpus=cpus,
        speed_mhz=2000, memory_bytes=memory_bytes,
    )  # fmt: skip


def _storage(cloud: Cloud, zone: ZoneRow) -> tuple[StoragePoolRow, ImageStoreRow]:
    pool = blank(
        cloud, StoragePoolRow, name="primary1", type="NetworkFilesystem", scope="ZONE", status="Up",
        provider="DefaultPrimary", hypervisor="KVM", zone_id=zone.id, host_address="192.0.2.10",
        path="/export/primary", port=2049,
        capacity_bytes=1 << 44,
    )  # fmt: skip
    store = blank(
        cloud, ImageStoreRow, name="secondary1", provider="NFS", protocol="nfs", url="nfs://192.0.2.11/export/secondary",
        scope="ZONE", role="Image", zone_id=zone.id,
    )  # fmt: skip
    return pool, store


def _template(cloud: Cloud) -> TemplateRow:
    return blank(
        cloud, TemplateRow, unique_name="debian-12", name="Debian 12", display_text="Debian 12", type="USER",
        format="QCOW2", hypervisor="KVM", os_type_id=1, account_id=2, domain_id=1, size_bytes=2 * GIB, is_public=True,
        is_featured=True, bits=64, arch="x86_64", requires_hvm=True, state="Active", is_bootable=True,
    )  # fmt: skip


def _offerings(cloud: Cloud) -> tuple[ServiceOfferingRow, DiskOfferingRow]:
    disk = blank(cloud, DiskOfferingRow, name="Small disk", display_text="5 GiB", disk_bytes=5 * GIB, state="Active",
                 storage_type="shared", provisioning_type="thin")  # fmt: skip
    service = blank(
        cloud, ServiceOfferingRow, name="Small", display_text="Small", cpus=1, speed_mhz=500, memory_mb=512,
        storage_type="shared", provisioning_type="thin", state="Active",
    )  # fmt: skip
    return service, disk


def _network(cloud: Cloud, zone: ZoneRow) -> tuple[PhysicalNetworkRow, NetworkOfferingRow, NetworkRow, VlanRangeRow]:
    physical = blank(cloud, PhysicalNetworkRow, name="phys1", zone_id=zone.id, state="Enabled", vlan="100-200")
    offering = blank(
        cloud, NetworkOfferingRow, name="Shared, no services", unique_name="shared-none", traffic_type="Guest",
        guest_type="Shared", state="Enabled", services_json="{}",
    )  # fmt: skip
    network = blank(
        cloud, NetworkRow, name="shared1", display_text="shared1", zone_id=zone.id, physical_network_id=physical.id,
        offering_id=offering.id, account_id=1, domain_id=1, traffic_type="Guest", guest_type="Shared",
        acl_type="Domain", subdomain_access=True, state="Setup", mode="Dhcp", broadcast_domain_type="Vlan",
        broadcast_uri="vlan://50", cidr="10.2.0.0/16", gateway="10.2.0.1", netmask="255.255.0.0",
        specify_ip_ranges=True, display_network=True,
    )  # fmt: skip
    ip_range = blank(
        cloud, VlanRangeRow, zone_id=zone.id, physical_network_id=physical.id, network_id=network.id,
        traffic_type="Guest", vlan="vlan://50", gateway="10.2.0.1", netmask="255.255.0.0", start_ip="10.2.1.0",
        end_ip="10.2.200.0",
    )  # fmt: skip
    return physical, offering, network, ip_range


async def insert_system_parts(cloud: Cloud, made: Made) -> None:
    """What system VMs need besides: the zone's own networks, public addresses, and the system template's copy."""
    txn = await assume_system_templates(cloud, made.store)
    await put_system_networks(cloud, txn, made.zone)
    public = blank(
        cloud, VlanRangeRow, zone_id=made.zone.id, physical_network_id=made.network.physical_network_id,
        traffic_type="Public", vlan=UNTAGGED, gateway="198.51.100.1", netmask="255.255.255.0",
        start_ip="198.51.100.10", end_ip="198.51.100.99",
    )  # fmt: skip
    await cloud.store.submit(txn.put(INSERT_RANGE, public))
