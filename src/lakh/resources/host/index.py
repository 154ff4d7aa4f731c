"""All hosts in memory: the columns placement looks at, and the few facts others ask for (name, address, status).

Filled once from the store, then kept up by those who change hosts, after their commit. Memory proposes; the guarded
UPDATE of host_capacity decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from operator import attrgetter
from typing import Final

import msgspec

from lakh.base.once import Once
from lakh.jobs.cloud import Cloud
from lakh.placement.facts import ClusterFacts, HostFacts
from lakh.placement.hosts import HostColumns, PlaceKind
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.dedication.row import CLUSTER, HOST, POD, ZONE, DedicatedResourceRow
from lakh.resources.host.census import Census
from lakh.resources.host.row import CAPACITIES, CAPACITY, LIVE, TAGS, HostCapacityRow, HostRow
from lakh.resources.hypervisor.row import HypervisorCapabilityRow
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.snapshot import Changes

ROUTING = "Routing"
COMING = ("Up", "Connecting")
"""Statuses of hosts without a ready session that are worth waiting for."""
NO_LIMIT = (1 << 31) - 1
"""Guests of a host whose hypervisor has no `maxguestslimit`."""
_PLACES: Final[dict[str, PlaceKind]] = {ZONE: "zone", POD: "pod", CLUSTER: "cluster", HOST: "host"}


class HostFact(msgspec.Struct, gc=False):
    """What is asked of a host without the store."""

    id: int
    uuid: str
    guid: str
    name: str
    type: str
    status: str
    resource_state: str
    zone_id: int
    pod_id: int | None
    cluster_id: int | None
    private_ip: str
    cpus: int
    speed_mhz: int
    memory_bytes: int
    arch: str
    hypervisor: str
    tags: tuple[str, ...] = ()
    connected: bool = False
    public_ip: str = ""
    mark: int = 0  # of what its Startup said last, see `mark_of`
    pinged_ms: int = 0  # when its agent was last heard of, to a second; 0: not since this server started


STARTUP_COLUMNS = (
    "guid", "name", "type", "zone_id", "pod_id", "cluster_id", "hypervisor", "hypervisor_version", "arch", "version",
    "capabilities", "private_ip", "private_mac", "private_netmask", "storage_ip", "public_ip", "cpu_sockets", "cpus",
    "speed_mhz", "memory_bytes",
)  # fmt: skip
"""The columns that a Startup decides, besides details_json."""
_startup_values = attrgetter(*STARTUP_COLUMNS)


def mark_of(values: tuple[object, ...], details_json: str) -> int:
    """Tells one Startup from another without keeping either: a host whose mark stays needs neither read nor write.

    `values` in the order of STARTUP_COLUMNS. Good within one process only.
    """
    return hash((values, details_json))


class HostIndex:
    """A part of the cloud: `cloud.part(HostIndex)`; `await load()` before use."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.columns = HostColumns()
        self.census = Census()
        self.facts: dict[int, HostFact] = {}
        self.by_uuid: dict[str, int] = {}
        self.by_name: dict[str, int] = {}
        self.by_guid: dict[str, int] = {}
        self.system: dict[int, HostFact] = {}  # agents inside system VMs: few, and often asked for
        self._max_guests: dict[str, int] = {}
        self._ready_early: set[int] = set()  # ready before others' word of their rows has come
        self._dedicated: dict[tuple[str, int], tuple[int | None, int]] = {}  # to an account, or to a domain
        self._clusters: Changes[ClusterRow] = Changes()
        self._pods: Changes[PodRow] = Changes()
        self._zones: Changes[ZoneRow] = Changes()
        self._dedications: Changes[DedicatedResourceRow] = Changes()
        self._settings = -1  # as of which version of them clusters are
        self.places_taken = 0  # clusters worked out: what grows here and should not is seen by tests
        self._dedication_of: dict[int, tuple[str, int]] = {}  # the place, by the dedication's id
        self._loaded = Once(self._load)

    async def load(self) -> None:
        """Reads clusters, hosts and capacities; once, however many ask."""
        await self._loaded()

    async def _load(self) -> None:
        await self.refresh_places()
        tags: dict[int, list[str]] = {}
        last = 0
        while rows := await self._cloud.store.rows(TAGS, last):
            for tag in rows:
                tags.setdefault(tag.host_id, []).append(tag.tag)
            last = rows[-1].id
        last = 0
        while hosts := await self._cloud.store.rows(LIVE, last):
            for host in hosts:
                self.upsert(host, tuple(tags.get(host.id, ())))
            last = hosts[-1].id
        last = -1
        while capacities := await self._cloud.store.rows(CAPACITIES, last):
            for capacity in capacities:
                self.set_usage(capacity)
            last = capacities[-1].host_id

    async def refresh_places(self) -> None:
        """Takes what zones, pods and clusters allow now; call after one of them changed. O(what has changed)."""
        await self._refresh_clusters()
        await self._limit_guests()
        pods, zones = await self._cloud.snapshots.of(PodRow), await self._cloud.snapshots.of(ZoneRow)
        for pod_id in self._pods.look(pods)[0]:
            pod = pods.by_id.get(pod_id)
            if pod is not None and pod.removed_ms is None:
                self.columns.set_pod_enabled(pod.id, pod.allocation_state == "Enabled")
        for zone_id in self._zones.look(zones)[0]:
            zone = zones.by_id.get(zone_id)
            if zone is not None and zone.removed_ms is None:
                self.columns.set_zone_enabled(zone.id, zone.allocation_state == "Enabled")
        await self._refresh_dedications()

    async def _refresh_clusters(self) -> None:
        settings, clusters = self._cloud.part(Settings), await self._cloud.snapshots.of(ClusterRow)
        changed, _ = self._clusters.look(clusters)
        if self._settings != settings.version:
            changed, self._settings = list(clusters.by_id), settings.version
        for cluster_id in changed:
            cluster = clusters.by_id.get(cluster_id)
            if cluster is None or cluster.removed_ms is not None:
                continue
            scopes = (("Cluster", cluster.id), ("Zone", cluster.zone_id))
            limited = settings.flag("cluster.threshold.enabled", *scopes)
            cpu = settings.number("cluster.cpu.allocated.capacity.disablethreshold", *scopes)
            memory = settings.number("cluster.memory.allocated.capacity.disablethreshold", *scopes)
            facts = ClusterFacts(
                enabled=cluster.allocation_state == "Enabled" and cluster.managed_state == "Managed",
                cpu_overcommit=cluster.cpu_overcommit,
                memory_overcommit=cluster.memory_overcommit,
                cpu_disable_threshold=cpu if limited else 1.0,
                memory_disable_threshold=memory if limited else 1.0,
            )
            self.columns.set_cluster(cluster.id, facts)
            self.places_taken += 1

    async def _refresh_dedications(self) -> None:
        rows = await self._cloud.snapshots.of(DedicatedResourceRow)
        changed, anew = self._dedications.look(rows)
        touched = {key for row_id in changed if (key := self._dedication_of.pop(row_id, None)) is not None}
        if anew:
            touched |= self._dedicated.keys()
            self._dedication_of.clear()
        now: dict[tuple[str, int], tuple[int | None, int]] = {}
        for row in (found for row_id in changed if (found := rows.by_id.get(row_id)) is not None):
            self._dedication_of[row.id] = key = row.kind, row.place_id
            now[key] = row.account_id, row.domain_id
        for key in touched | now.keys():
            if now.get(key) != self._dedicated.get(key):
                self.set_dedicated(*key, now.get(key))

    def set_dedicated(self, kind: str, place_id: int, owner: tuple[int | None, int] | None) -> None:
        """Follows a stored dedication, (account id, domain id), or its end."""
        if owner is None:
            self._dedicated.pop((kind, place_id), None)
        else:
            self._dedicated[kind, place_id] = owner
        self._dedicate(kind, place_id)

    def _dedicate(self, kind: str, place_id: int) -> None:
        """Tells placement whose a place is."""
        if kind == HOST and place_id not in self.columns:
            return  # it is told when the host comes
        account_id, domain_id = self._dedicated.get((kind, place_id), (None, None))
        self.columns.dedicate(_PLACES[kind], place_id, account_id=account_id, domain_id=domain_id)

    async def _limit_guests(self) -> None:
        """Takes each hypervisor's `maxguestslimit`; O(hosts) when one has changed."""
        found = {
            row.hypervisor: NO_LIMIT if row.max_guests is None else row.max_guests
            for row in await self._cloud.snapshots.of(HypervisorCapabilityRow)
            if row.hypervisor_version == "default"
        }
        changed = {
            name for name in found.keys() | self._max_guests.keys() if found.get(name) != self._max_guests.get(name)
        }
        self._max_guests = found
        for number, fact in enumerate(list(self.facts.values()) if changed else ()):
            if fact.id in self.facts and (fact.hypervisor or "KVM") in changed:
                self._to_columns(fact)
            if number % 1000 == 999:
                await asyncio.sleep(0)

    def upsert(self, host: HostRow, tags: tuple[str, ...] | None = None) -> None:
        """Takes a host's stored row; `tags` None keeps those known."""
        known = self.facts.get(host.id)
        if tags is None:
            tags = known.tags if known else ()
        fact = HostFact(
            host.id,
            host.uuid,
            host.guid,
            host.name,
            host.type,
            host.status,
            host.resource_state,
            host.zone_id,
            host.pod_id,
            host.cluster_id,
            host.private_ip,
            host.cpus,
            host.speed_mhz,
            host.memory_bytes,
            host.arch or "x86_64",
            host.hypervisor or "",
            tags,
            known.connected if known else host.id in self._ready_early,
            host.public_ip or "",
            mark_of(_startup_values(host), host.details_json),
            known.pinged_ms if known else 0,
        )
        if known is not None and known.guid != fact.guid:
            self.by_guid.pop(known.guid, None)
        self._ready_early.discard(host.id)
        self._put(fact)

    def set_connected(self, host_id: int, connected: bool) -> None:
        """Follows a session: a host without one takes no new VMs."""
        if host_id in self.facts:
            self._change(host_id, connected=connected)
        elif connected:
            self._ready_early.add(host_id)
        else:
            self._ready_early.discard(host_id)

    def heard(self, host_ids: Iterable[int], now_ms: int) -> None:
        """Notes that these hosts' agents pinged. Memory only: a heartbeat is not a write."""
        for host_id in host_ids:
            fact = self.facts.get(host_id)
            if fact is not None:
                fact.pinged_ms = now_ms

    def name_of(self, host_id: int) -> str:
        """What people call it; its number where it is gone."""
        fact = self.facts.get(host_id)
        return fact.name if fact is not None else str(host_id)

    def any_away(self, zone_id: int) -> bool:
        """True when a host of the zone that could take VMs has no session now, or one that is not ready yet."""
        return any(
            c.type == ROUTING and c.zone_id == zone_id and not c.connected and c.status in COMING
            for c in self.census.conditions()
            if c.resource_state == "Enabled"
        )

    def archs(self, zone_id: int) -> set[str]:
        """The architectures of a zone's hosts."""
        return {c.arch for c in self.census.conditions() if c.zone_id == zone_id and c.type == ROUTING}

    def down(self) -> list[HostFact]:
        """The hosts that are Down, in order of id."""
        if not self.census.count(lambda c: c.status == "Down"):
            return []
        return sorted((f for f in self.facts.values() if f.status == "Down"), key=lambda f: f.id)

    def set_state(self, host_id: int, *, status: str | None = None, resource_state: str | None = None) -> None:
        """Follows a stored change of a host's states."""
        self._change(host_id, status=status, resource_state=resource_state)

    def set_ready(self, host_id: int) -> None:
        """Its connect processing has ended: it is Up, and its session takes commands."""
        self._change(host_id, status="Up", connected=True)

    def set_arriving(self, host_id: int) -> None:
        """Its agent said Startup: it is Connecting until it has been told what it must know."""
        self._change(host_id, status="Connecting", connected=False)

    def _change(
        self,
        host_id: int,
        *,
        status: str | None = None,
        resource_state: str | None = None,
        connected: bool | None = None,
    ) -> None:
        fact = self.facts.get(host_id)
        if fact is None:
            return
        self.census.leave(fact)
        if status is not None:
            fact.status = status
        if resource_state is not None:
            fact.resource_state = resource_state
        if connected is not None:
            fact.connected = connected
        self.census.enter(fact)
        if host_id in self.columns:
            self.columns.set_usable(host_id, _usable(fact))

    def remove(self, host_id: int) -> None:
        fact = self.facts.pop(host_id, None)
        if fact is None:
            return
        self.census.leave(fact)
        self.by_uuid.pop(fact.uuid, None)
        if self.by_guid.get(fact.guid) == host_id:
            del self.by_guid[fact.guid]
        if self.by_name.get(fact.name) == host_id:
            del self.by_name[fact.name]
        self.system.pop(host_id, None)
        if host_id in self.columns:
            self.columns.remove(host_id)

    async def refresh_usage(self, host_id: int) -> None:
        """Takes a host's usage from the store, after a reservation there was refused."""
        for capacity in await self._cloud.store.rows(CAPACITY, host_id):
            self.set_usage(capacity)

    def _put(self, fact: HostFact) -> None:
        known = self.facts.get(fact.id)
        if known is not None:
            self.census.leave(known)
        self.facts[fact.id] = fact
        self.census.enter(fact)
        self.by_uuid[fact.uuid] = fact.id
        self.by_name[fact.name] = fact.id
        self.by_guid[fact.guid] = fact.id
        if fact.type != ROUTING:
            self.system[fact.id] = fact
        self._to_columns(fact)

    def _to_columns(self, fact: HostFact) -> None:
        """Tells placement what it should know of a host."""
        if fact.type != ROUTING or fact.pod_id is None or fact.cluster_id is None:
            return
        self.columns.upsert(
            HostFacts(
                host_id=fact.id,
                zone_id=fact.zone_id,
                pod_id=fact.pod_id,
                cluster_id=fact.cluster_id,
                usable=_usable(fact),
                cpu_cores=fact.cpus,
                cpu_speed_mhz=fact.speed_mhz,
                memory_total_bytes=fact.memory_bytes,
                hypervisor=fact.hypervisor or "KVM",
                arch=fact.arch,
                tags=fact.tags,
                max_guests=self._max_guests.get(fact.hypervisor or "KVM", NO_LIMIT),
            )
        )
        if (HOST, fact.id) in self._dedicated:
            self._dedicate(HOST, fact.id)

    def set_usage(self, row: HostCapacityRow) -> None:
        """Takes a host's stored usage."""
        if row.host_id in self.columns:
            self.columns.set_usage(row.host_id, row.cpu_used_mhz, row.memory_used_bytes, row.vms, row.tenant)


def _usable(fact: HostFact) -> bool:
    return fact.connected and fact.status == "Up" and fact.resource_state == "Enabled"
