"""How much there is of everything, and how much is taken, per cluster, pod and zone: summed from the store.

One load answers any number of askers and stands until a commit changes one of its tables. Every statement walks an
index from the (few) places, so that none scans a large table as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.addressing import range_size
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.pod.row import PodRow
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import statement

MEMORY: Final = 0
CPU: Final = 1
STORAGE: Final = 2
STORAGE_ALLOCATED: Final = 3
PUBLIC_IP: Final = 4
PRIVATE_IP: Final = 5
SECONDARY_STORAGE: Final = 6
VLAN: Final = 7
DIRECT_IP: Final = 8
LOCAL_STORAGE: Final = 9
CPU_CORE: Final = 90

HOSTS = statement(
    "capacity.of_clusters",
    "SELECT h.cluster_id, CAST(SUM(c.cpu_used_mhz) AS BIGINT), SUM(c.cpu_total_mhz * c.cpu_overcommit),"
    " CAST(SUM(c.memory_used_bytes) AS BIGINT), SUM(c.memory_total_bytes * c.memory_overcommit),"
    " CAST(SUM(c.cores_used) AS BIGINT), SUM(c.cores_total * c.cpu_overcommit)"
    " FROM host h JOIN host_capacity c ON c.host_id = h.id"
    " WHERE h.cluster_id = ANY($1) AND h.removed_ms IS NULL AND h.resource_state = 'Enabled' GROUP BY h.cluster_id",
)
PUBLIC_TAKEN = statement(
    "capacity.public_taken",
    "SELECT range_id, COUNT(*) FROM ip_address WHERE range_id = ANY($1) AND removed_ms IS NULL GROUP BY range_id",
)
DIRECT_TAKEN = statement(
    "capacity.direct_taken",
    "SELECT network_id, COUNT(*) FROM nic WHERE network_id = ANY($1) AND removed_ms IS NULL AND ip IS NOT NULL"
    " GROUP BY network_id",
)
SYSTEM_VMS = statement(
    "capacity.system_vms",
    "SELECT id, pod_id FROM vm WHERE type IN ('ConsoleProxy', 'SecondaryStorageVm', 'DomainRouter')"
    " AND type <> 'User' AND removed_ms IS NULL AND pod_id IS NOT NULL",
)
VLANS_TAKEN = statement(
    "capacity.vlans_taken",
    "SELECT physical_network_id, COUNT(*) FROM guest_vlan WHERE physical_network_id = ANY($1)"
    " GROUP BY physical_network_id",
)


class Figure(NamedTuple):
    """So much used of so much, in one place: a cluster, else a pod, else a whole zone."""

    kind: int
    zone_id: int
    pod_id: int | None
    cluster_id: int | None
    used: int
    total: int


class _Part:
    """Some of the figures, read anew after a commit to one of the tables they come from."""

    def __init__(self, cloud: Cloud, tables: frozenset[str], read: Callable[[Cloud], Awaitable[list[Figure]]]) -> None:
        self._cloud, self._tables, self._read = cloud, tables, read
        self._known: list[Figure] | None = None
        self._loading: asyncio.Task[list[Figure]] | None = None
        self._version = 0
        cloud.store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        if not tables.isdisjoint(self._tables):
            self._version += 1
            self._known = None

    async def figures(self) -> list[Figure]:
        if self._known is not None:
            return self._known
        version, loading = self._version, self._loading
        if loading is None or loading.done() or loading.get_name() != str(version):
            loading = self._loading = asyncio.create_task(self._load(), name=str(version))
        found = await asyncio.shield(loading)
        if version == self._version:
            self._known = found
        return found

    async def _load(self) -> list[Figure]:
        return await self._read(self._cloud)


class Capacities:
    """A part of the cloud. What was committed before a call is in its answer."""

    def __init__(self, cloud: Cloud) -> None:
        self._hosts = _Part(cloud, frozenset({"host", "host_capacity", "cluster"}), _hosts)
        self._others = [
            _Part(cloud, frozenset({"storage_pool", "storage_pool_capacity"}), _pools),
            _Part(cloud, frozenset({"image_store"}), _image_stores),
            _Part(cloud, frozenset({"vlan_range", "ip_address", "nic"}), _public_and_direct),
            _Part(cloud, frozenset({"pod", "vm", "nic"}), _private),
            _Part(cloud, frozenset({"physical_network", "guest_vlan"}), _vlans),
        ]

    async def figures(self) -> list[Figure]:
        """Every figure of every place."""
        return [figure for part in (self._hosts, *self._others) for figure in await part.figures()]

    async def of_hosts(self) -> list[Figure]:
        """Memory, CPU and cores of each cluster's hosts."""
        return await self._hosts.figures()


def summed(
    figures: Iterable[Figure], place: Callable[[Figure], tuple[int, int | None, int | None] | None]
) -> list[Figure]:
    """The figures added up per kind and `place(figure)` = (zone, pod, cluster); None leaves a figure out."""
    sums: dict[tuple[int, int, int | None, int | None], list[int]] = {}
    for figure in figures:
        where = place(figure)
        if where is not None:
            found = sums.setdefault((figure.kind, *where), [0, 0])
            found[0] += figure.used
            found[1] += figure.total
    return [Figure(*key, *values) for key, values in sums.items()]


async def _hosts(cloud: Cloud) -> list[Figure]:
    clusters = {c.id: c for c in await cloud.snapshots.of(ClusterRow)}
    found: list[Figure] = []
    for cluster_id, mhz, mhz_total, memory, memory_total, cores, cores_total in await cloud.store.read(
        HOSTS, list(clusters)
    ):
        cluster = clusters[cluster_id]
        place = (cluster.zone_id, cluster.pod_id, cluster.id)
        found.append(Figure(CPU, *place, mhz, int(mhz_total)))
        found.append(Figure(MEMORY, *place, memory, int(memory_total)))
        found.append(Figure(CPU_CORE, *place, cores, int(cores_total)))
    return found


async def _pools(cloud: Cloud) -> list[Figure]:
    rows = {row.pool_id: row for row in await cloud.store.rows(CAPACITIES)}
    found: list[Figure] = []
    for pool in await cloud.snapshots.of(StoragePoolRow):
        capacity = rows.get(pool.id)
        if capacity is None:
            continue
        place = (pool.zone_id, pool.pod_id, pool.cluster_id)
        if pool.scope == "HOST":
            found.append(Figure(LOCAL_STORAGE, *place, capacity.used_bytes, pool.capacity_bytes))
            continue
        found.append(Figure(STORAGE, *place, capacity.used_bytes, pool.capacity_bytes))
        found.append(Figure(STORAGE_ALLOCATED, *place, capacity.allocated_bytes, capacity.limit_bytes))
    return found


async def _image_stores(cloud: Cloud) -> list[Figure]:
    return [
        Figure(SECONDARY_STORAGE, store.zone_id, None, None, store.used_bytes or 0, store.capacity_bytes or 0)
        for store in await cloud.snapshots.of(ImageStoreRow)
        if store.zone_id is not None
    ]


async def _public_and_direct(cloud: Cloud) -> list[Figure]:
    """Addresses of VLAN IP ranges: the zone's public ones, and those of shared guest networks."""
    ranges = [r for r in await cloud.snapshots.of(VlanRangeRow) if r.start_ip and r.end_ip]
    public = [r for r in ranges if r.traffic_type == "Public"]
    direct = [r for r in ranges if r.traffic_type != "Public" and r.network_id is not None]
    taken = dict(await cloud.store.read(PUBLIC_TAKEN, [r.id for r in public])) if public else {}
    found = [
        Figure(PUBLIC_IP, r.zone_id, None, None, taken.get(r.id, 0), range_size(r.start_ip, r.end_ip)) for r in public
    ]
    networks = {r.network_id: r.zone_id for r in direct}
    used = dict(await cloud.store.read(DIRECT_TAKEN, sorted(filter(None, networks)))) if networks else {}
    found += [Figure(DIRECT_IP, networks[n], None, None, count, 0) for n, count in used.items()]
    found += [Figure(DIRECT_IP, r.zone_id, None, None, 0, range_size(r.start_ip, r.end_ip)) for r in direct]
    return found


async def _private(cloud: Cloud) -> list[Figure]:
    """Addresses of pods for system VMs."""
    pods = [p for p in await cloud.snapshots.of(PodRow) if p.start_ip and p.end_ip]
    taken = await _private_taken(cloud) if pods else {}
    return [
        Figure(PRIVATE_IP, p.zone_id, p.id, None, taken.get(p.id, 0), range_size(p.start_ip, p.end_ip)) for p in pods
    ]


async def _private_taken(cloud: Cloud) -> dict[int, int]:
    """Management addresses of system VMs by pod."""
    pod_of = dict(await cloud.store.read(SYSTEM_VMS))
    taken: dict[int, int] = {}
    for nic in await cloud.store.rows(NICS_OF_VMS, sorted(pod_of)) if pod_of else ():
        if nic.traffic_type == "Management" and nic.ip is not None:
            pod_id = pod_of[nic.vm_id]
            taken[pod_id] = taken.get(pod_id, 0) + 1
    return taken


async def _vlans(cloud: Cloud) -> list[Figure]:
    networks = [n for n in await cloud.snapshots.of(PhysicalNetworkRow) if n.vlan]
    taken = dict(await cloud.store.read(VLANS_TAKEN, [n.id for n in networks])) if networks else {}
    return [Figure(VLAN, n.zone_id, None, None, taken.get(n.id, 0), vlan_count(n.vlan)) for n in networks]


def vlan_count(ranges: str) -> int:
    """How many VLANs `100-200,300` names."""
    count = 0
    for part in ranges.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdigit() and (last or first).isdigit():
            count += int(last or first) - int(first) + 1
    return count
