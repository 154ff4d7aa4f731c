"""How much there is of everything, and how much is taken, per cluster, pod and zone: summed from what is stored.

One load answers any number of askers and stands until a commit changes one of its tables. Hosts are summed from columns
in memory; every statement walks an index from the (few) places, so that none scans a large table as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from lakh.jobs.cloud import Cloud
from lakh.resources.addressing import range_size
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.held import Held
from lakh.resources.host.held import CAPACITIES as CAPACITIES_HELD
from lakh.resources.host.held import HOSTS as HOSTS_HELD
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.pod.row import PodRow
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vm.row import BY_IDS as VMS_BY_IDS
from lakh.store.matching import Test
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
MANAGEMENT_NICS = statement(
    "capacity.management_nics",
    "SELECT vm_id FROM nic WHERE traffic_type = 'Management' AND removed_ms IS NULL AND ip IS NOT NULL",
    full_scan="of an index that holds these alone: one for each system VM",
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


Level = Literal["zone", "pod", "cluster"]


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
        self._summed: dict[Level, tuple[list[Figure], dict[tuple[int, int], Figure]]] = {}
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

    async def of_hosts(self, level: Level) -> dict[tuple[int, int], Figure]:
        """Memory, CPU and cores of the hosts of each cluster, pod or zone, by kind and the place's id."""
        figures = await self._hosts.figures()
        known = self._summed.get(level)
        if known is None or known[0] is not figures:
            found = {(f.kind, place_of(f, level)): f for f in at_level(figures, level)}
            known = self._summed[level] = (figures, found)
        return known[1]


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


def at_level(figures: Iterable[Figure], level: Level) -> list[Figure]:
    """Summed per zone, pod or cluster; what belongs to a larger place only is left out."""

    def place(figure: Figure) -> tuple[int, int | None, int | None] | None:
        if level == "zone":
            return figure.zone_id, None, None
        if level == "pod":
            return (figure.zone_id, figure.pod_id, None) if figure.pod_id is not None else None
        return (figure.zone_id, figure.pod_id, figure.cluster_id) if figure.cluster_id is not None else None

    return summed(figures, place)


def place_of(figure: Figure, level: Level) -> int:
    """The id of the zone, pod or cluster of a figure that was summed for such."""
    found = {"zone": figure.zone_id, "pod": figure.pod_id, "cluster": figure.cluster_id}[level]
    assert found is not None
    return found


async def _hosts(cloud: Cloud) -> list[Figure]:
    clusters = {c.id: c for c in await cloud.snapshots.of(ClusterRow)}
    sums = await _summed_in_memory(cloud, clusters)
    if sums is None:
        sums = [tuple(row) for row in await cloud.store.read(HOSTS, list(clusters))]
    found: list[Figure] = []
    for cluster_id, mhz, mhz_total, memory, memory_total, cores, cores_total in sums:
        cluster = clusters[cluster_id]
        place = (cluster.zone_id, cluster.pod_id, cluster.id)
        found.append(Figure(CPU, *place, mhz, int(mhz_total)))
        found.append(Figure(MEMORY, *place, memory, int(memory_total)))
        found.append(Figure(CPU_CORE, *place, cores, int(cores_total)))
    return found


async def _summed_in_memory(cloud: Cloud, clusters: dict[int, ClusterRow]) -> list[tuple[Any, ...]] | None:
    """What `HOSTS` tells, from the columns of hosts and their capacities: some milliseconds where the engine joins
    100,000 rows. None while the columns load."""
    held = cloud.part(Held)
    capacities = await held.fresh(CAPACITIES_HELD)
    hosts = await held.fresh(HOSTS_HELD)
    if capacities is None or hosts is None:
        return None
    enabled = (Test("resource_state", ("Enabled",)), Test("cluster_id", (None,), negated=True))
    known = np.array(sorted(clusters), np.int64)
    ids, of = hosts.values("id", enabled), hosts.values("cluster_id", enabled)
    places = np.searchsorted(known, of)
    sums: dict[str, list[int]] = {}
    for column in CAPACITIES_HELD.names:
        summed_up = np.zeros(len(known) + 1, np.int64)
        np.add.at(summed_up, places, capacities.at(column, ids))
        sums[column] = summed_up.tolist()
    with_hosts = np.bincount(places, minlength=len(known) + 1)
    return [
        (
            cluster_id,
            sums["cpu_used_mhz"][place],
            sums["cpu_total_mhz"][place] * clusters[cluster_id].cpu_overcommit,
            sums["memory_used_bytes"][place],
            sums["memory_total_bytes"][place] * clusters[cluster_id].memory_overcommit,
            sums["cores_used"][place],
            sums["cores_total"][place] * clusters[cluster_id].cpu_overcommit,
        )
        for place, cluster_id in enumerate(known.tolist())
        if with_hosts[place]
    ]


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
    owners = [row[0] for row in await cloud.store.read(MANAGEMENT_NICS)]
    pod_of = {vm.id: vm.pod_id for vm in await cloud.store.rows(VMS_BY_IDS, sorted(set(owners)))} if owners else {}
    taken: dict[int, int] = {}
    for vm_id in owners:
        if (pod_id := pod_of.get(vm_id)) is not None:
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
