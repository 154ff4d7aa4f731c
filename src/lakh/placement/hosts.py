"""All hosts as columns, kept up to date change by change: what placement looks at.

A host has a *slot*, the same in every column, for as long as it is known. Columns are arrays of plain numbers, which
probes read one by one (`columns.cpu_free[slot]`), and which scans read whole as numpy's views of the same memory
(`columns.mirror.cpu_free`): an item of a numpy array costs three times as much, and one of a list is somewhere else in
memory, which costs more than that with 100,000 hosts. Every change goes through `_set_load` or `_attach`/`_detach`.

The columns propose and the store decides: after a plan the caller reserves here at once (so that the next plan sees
it), then runs its guarded UPDATE with `limits(host)`; where that refuses, it releases, sets the usage the store tells,
and asks again. Sums per cluster (for the disable thresholds) and per account (for dispersing and concentrating) are
kept the same way, so no cost depends on how many hosts a cluster has, but for changing the cluster itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from lakh.placement.facts import ClusterFacts, HostFacts, HostLimits, HostLoad
from lakh.placement.groups import EMPTY, SlotSet
from lakh.placement.kinds import ABSENT, Kind, KindTable, Numbers, Places, Signature, Verdicts
from lakh.placement.request import Request
from lakh.placement.spread import Spread, Spreads
from lakh.placement.sums import AccountGuests, ClusterColumns
from lakh.placement.tenants import MIXED, SHARED, Tenants

PlaceKind = Literal["zone", "pod", "cluster", "host"]


class _Mirror:
    """numpy's views of the columns; slots without a host hold zeros, and are of no kind."""

    host_id: npt.NDArray[np.int64]
    kind: npt.NDArray[np.intp]
    pod: npt.NDArray[np.intp]
    cluster: npt.NDArray[np.intp]
    cpu_free: npt.NDArray[np.int64]
    memory_free: npt.NDArray[np.int64]
    memory_used: npt.NDArray[np.int64]
    guests: npt.NDArray[np.int64]
    tenant: npt.NDArray[np.int64]
    guest_room: npt.NDArray[np.int32]
    cpu_share: npt.NDArray[np.float64]
    slack: npt.NDArray[np.float64]
    scratch: npt.NDArray[np.float64]


_LONG: Final = (
    *("host_id", "kind", "pod", "cluster", "cpu_limit", "memory_limit", "cpu_used", "memory_used", "guests"),
    *("cpu_free", "memory_free", "tenant"),
)
_COLUMNS: Final = {
    **dict.fromkeys(_LONG, "q"),
    "guest_room": "i",
    "guest_limit": "i",
    "usable": "b",
    "cpu_share": "d",
    "slack": "d",
    "scratch": "d",
}
"""Type codes of the columns."""
_ROOM_FIRST: Final = 64


class HostColumns:
    """Every host of the cloud. Unknown host ids raise KeyError; methods are O(1) unless they say otherwise."""

    def __init__(self) -> None:
        self.slot_of: dict[int, int] = {}
        self.facts: list[HostFacts | None] = []
        self.end = 0  # one past the highest slot ever used
        self.host_id, self.kind, self.pod, self.cluster = (array("q") for _ in range(4))
        self.cpu_limit, self.memory_limit, self.guest_limit = array("q"), array("q"), array("i")
        self.usable = array("b")
        self.cpu_used, self.memory_used, self.guests = array("q"), array("q"), array("q")
        self.cpu_free, self.memory_free, self.guest_room = array("q"), array("q"), array("i")
        self.tenant = array("q")  # SHARED while empty
        self.cpu_share = array("d")  # free CPU of the limit
        self.slack = array("d")  # free shares of CPU and memory together
        self.scratch = array("d")  # for one scan's arithmetic: new pages cost more than that
        self.mirror = _Mirror()
        self._grow()
        self.zones, self.pods, self.clusters = Places(), Places(), Places()
        self.cluster_columns = ClusterColumns()
        self.accounts = AccountGuests()
        self.tenants = Tenants()
        self._tags, self._words = Numbers[str](), Numbers[str]()
        self._tag_sets = Numbers[int](0)
        self._owners = Numbers[tuple[int | None, int | None]]((None, None))
        self._host_owner: dict[int, int] = {}
        self.kinds = KindTable(self.zones, self.pods, self.clusters, self._tag_sets.values)
        self.spreads = Spreads()
        self.ascending = True  # host ids rise with their slots: the lowest of some is the first
        self._free: list[int] = []
        self._members: dict[int, SlotSet] = {}  # every host of a cluster
        self._usable: dict[tuple[str, int], SlotSet] = {}  # usable hosts of a zone, pod, cluster or tag

    def __len__(self) -> int:
        return len(self.slot_of)

    def __contains__(self, host_id: int) -> bool:
        return host_id in self.slot_of

    # --- hosts -------------------------------------------------------------------------------------------------------
    def upsert(self, facts: HostFacts) -> None:
        """Adds a host without load, or replaces the facts of a known one and keeps its load.

        Raises ValueError for another zone, pod or cluster than before: hosts do not move, they are removed and added.
        """
        slot = self.slot_of.get(facts.host_id)
        if slot is None:
            slot = self._take_slot(facts)
        else:
            known = self.facts[slot]
            assert known is not None
            if (known.zone_id, known.pod_id, known.cluster_id) != (facts.zone_id, facts.pod_id, facts.cluster_id):
                raise ValueError(f"host {facts.host_id} cannot change its zone, pod or cluster: remove it first")
            self._detach(slot)
        self.facts[slot] = facts
        self._attach(slot, facts)

    def remove(self, host_id: int) -> None:
        """Forgets a host and its guests. O(accounts) if it had any."""
        slot = self.slot_of.pop(host_id)
        self._detach(slot)
        self._members[self.cluster[slot]].remove(slot)
        if self.guests[slot]:
            self.accounts.forget_host(slot, self.cluster[slot], self.pod[slot])
        self._set_tenant(slot, SHARED)
        self._host_owner.pop(host_id, None)
        self.facts[slot] = None
        self.kind[slot] = ABSENT
        self.spreads.note(slot)
        self._free.append(slot)

    def set_usable(self, host_id: int, usable: bool) -> None:
        """The host became usable (type Routing, Up and Enabled), or no longer is."""
        slot = self.slot_of[host_id]
        known = self.facts[slot]
        assert known is not None
        if known.usable != usable:
            self.upsert(replace(known, usable=usable))

    # --- load --------------------------------------------------------------------------------------------------------
    def set_usage(
        self, host_id: int, cpu_used_mhz: int, memory_used_bytes: int, guests: int, tenant: int = SHARED
    ) -> None:
        """Sets what the store says of a host. Accounts' guests are not touched: see `set_account_guests`."""
        slot = self.slot_of[host_id]
        self._set_load(slot, cpu_used_mhz, memory_used_bytes, guests)
        self._set_tenant(slot, tenant)

    def reserve(
        self,
        host_id: int,
        cpu_mhz: int,
        memory_bytes: int,
        account_id: int | None = None,
        guests: int = 1,
        tenant: int | None = None,
    ) -> None:
        """Counts a VM in, on a host that is then `tenant`'s, if that is told. Refuses nothing: the store decides."""
        slot = self.slot_of[host_id]
        cpu, memory, number = (
            self.cpu_used[slot] + cpu_mhz,
            self.memory_used[slot] + memory_bytes,
            self.guests[slot] + guests,
        )
        self._set_load(slot, cpu if cpu > 0 else 0, memory if memory > 0 else 0, number if number > 0 else 0)
        known = self.tenant[slot]
        if known or tenant:
            self._set_tenant(slot, known if tenant is None else tenant)
        if account_id is not None:
            self.accounts.add(account_id, slot, self.cluster[slot], self.pod[slot], guests)

    def release(
        self, host_id: int, cpu_mhz: int, memory_bytes: int, account_id: int | None = None, guests: int = 1
    ) -> None:
        """Counts a VM out; stops at zero where a `set_usage` has overtaken it. `guests=0` for a VM that stopped
        earlier and now gives up its reservation. Who takes the last one out leaves the host nobody's."""
        self.reserve(host_id, -cpu_mhz, -memory_bytes, account_id, -guests)

    def _set_tenant(self, slot: int, tenant: int) -> None:
        """Sets whose a host is; nobody's while it is empty."""
        tenant = tenant if self.memory_used[slot] or self.guests[slot] else SHARED
        known = self.tenant[slot]
        if known != tenant:
            self.tenant[slot] = tenant
            self.tenants.change(slot, known, tenant)

    def tenant_with(self, host_id: int, tenant: int) -> int:
        """Whose a host is once a VM of `tenant` was found running there, as the store's RESERVE_ANYWAY has it."""
        slot = self.slot_of[host_id]
        known = self.tenant[slot]
        if known == tenant or not (self.memory_used[slot] or self.guests[slot]):
            return tenant
        return MIXED if known else SHARED

    def set_account_guests(self, account_id: int, host_id: int, guests: int) -> None:
        """Sets how many guests an account has on a host, as when columns are first filled."""
        slot = self.slot_of[host_id]
        had = self.accounts.hosts.get(account_id, {}).get(slot, 0)
        self.accounts.add(account_id, slot, self.cluster[slot], self.pod[slot], guests - had)

    def usage(self, host_id: int) -> HostLoad:
        slot = self.slot_of[host_id]
        return HostLoad(self.cpu_used[slot], self.memory_used[slot], self.guests[slot], self.tenant[slot])

    def limits(self, host_id: int) -> HostLimits:
        """The bounds for `UPDATE … SET used = used + ? WHERE used + ? <= ?`."""
        slot = self.slot_of[host_id]
        return HostLimits(self.cpu_limit[slot], self.memory_limit[slot])

    # --- places ------------------------------------------------------------------------------------------------------
    def set_cluster(self, cluster_id: int, facts: ClusterFacts) -> None:
        """Sets a cluster's facts. O(hosts of the cluster) when an overcommit factor changes."""
        number = self._cluster_number(cluster_id)
        known = self.cluster_columns.facts[number]
        ratios_differ = (known.cpu_overcommit, known.memory_overcommit) != (
            facts.cpu_overcommit,
            facts.memory_overcommit,
        )
        members = self._members.get(number, EMPTY).slots if ratios_differ else []
        for slot in members:
            self._detach(slot)
        self.cluster_columns.facts[number] = facts
        for slot in members:
            host = self.facts[slot]
            assert host is not None
            self._attach(slot, host)
        self.cluster_columns.add(number, 0, 0, 0, 0, 0)
        self._enable(self.clusters, number, facts.enabled)

    def set_pod_enabled(self, pod_id: int, enabled: bool) -> None:
        self._enable(self.pods, self.pods.of(pod_id), enabled)

    def set_zone_enabled(self, zone_id: int, enabled: bool) -> None:
        self._enable(self.zones, self.zones.of(zone_id), enabled)

    def _enable(self, places: Places, number: int, enabled: bool) -> None:
        if places.enabled[number] != enabled:
            places.enabled[number] = enabled
            self.kinds.forget()

    def dedicate(self, place: PlaceKind, place_id: int, *, account_id: int | None, domain_id: int | None) -> None:
        """Dedicates a zone, pod, cluster or host to an account, or to a domain with its children; both None ends it."""
        owner = self._owners.of((account_id, None if account_id is not None else domain_id))
        if place == "host":
            slot = self.slot_of[place_id]
            self._host_owner[place_id] = owner
            facts = self.facts[slot]
            assert facts is not None
            self.upsert(facts)
            return
        if place == "cluster":
            self._cluster_number(place_id)
        places = {"zone": self.zones, "pod": self.pods, "cluster": self.clusters}[place]
        places.owner[places.of(place_id)] = owner
        self.kinds.forget()

    # --- what placement asks -----------------------------------------------------------------------------------------
    def signature(self, request: Request) -> Signature:
        """What `request` asks of kinds, in the columns' numbers."""
        owners: Iterable[int] = ()
        if len(self._owners) > 1:
            mine = [(request.account_id, None), *[(None, domain) for domain in request.domain_ids]]
            owners = [n for n in map(self._owners.find, mine) if n > 0]
        return Signature(
            self.zones.numbers.find(request.zone_id),
            None if request.hypervisor is None else self._words.find(request.hypervisor),
            None if request.arch is None else self._words.find(request.arch),
            self._tag_bits(request.host_tags),
            request.explicit_dedication,
            frozenset(owners),
            request.cpu_count,
            request.cpu_speed_mhz,
        )

    def spread(self, signature: Signature, verdicts: Verdicts) -> Spread:
        """The verdicts of a signature per slot; longer than `end`."""
        return self.spreads.of(signature, verdicts, self.kind, self.mirror.kind)

    def usable_in(self, place: Literal["zone", "pod", "cluster"], place_id: int) -> SlotSet:
        """The usable hosts of a zone, pod or cluster."""
        places = {"zone": self.zones, "pod": self.pods, "cluster": self.clusters}[place]
        return self._usable.get((place, places.numbers.find(place_id)), EMPTY)

    def usable_with(self, tag: str) -> SlotSet:
        """The usable hosts with a tag."""
        return self._usable.get(("tag", self._tags.find(tag)), EMPTY)

    def _tag_bits(self, tags: tuple[str, ...]) -> int:
        bits = 0
        for tag in tags:
            number = self._tags.find(tag)
            if number < 0:
                return -1
            bits |= 1 << number
        return bits

    # --- inside ------------------------------------------------------------------------------------------------------
    def _take_slot(self, facts: HostFacts) -> int:
        if self._free:
            slot = self._free.pop()
            self.ascending = False
        else:
            slot = self.end
            self.end += 1
            self.facts.append(None)
            if slot == len(self.kind):
                self._grow()
            self.ascending = self.ascending and (not slot or self.host_id[slot - 1] < facts.host_id)
        self.slot_of[facts.host_id] = slot
        self.host_id[slot] = facts.host_id
        self.zones.of(facts.zone_id)
        self.pod[slot] = self.pods.of(facts.pod_id)
        cluster = self.cluster[slot] = self._cluster_number(facts.cluster_id)
        self.cpu_used[slot] = self.memory_used[slot] = self.guests[slot] = 0
        self._members.setdefault(cluster, SlotSet()).add(slot)
        return slot

    def _grow(self) -> None:
        """Twice as much room; every view is a new one then."""
        for name, code in _COLUMNS.items():
            column: array[Any] = getattr(self, name)
            more = array(code, bytes(column.itemsize * (len(column) or _ROOM_FIRST)))
            grown = column + more
            setattr(self, name, grown)
            setattr(self.mirror, name, np.frombuffer(grown, code))

    def _cluster_number(self, cluster_id: int) -> int:
        number = self.clusters.of(cluster_id)
        self.cluster_columns.ensure(number)
        return number

    def _group_keys(self, slot: int, facts: HostFacts) -> list[tuple[str, int]]:
        keys = [("zone", self.zones.of(facts.zone_id)), ("pod", self.pod[slot]), ("cluster", self.cluster[slot])]
        return keys + [("tag", self._tags.of(tag)) for tag in facts.tags]

    def _attach(self, slot: int, facts: HostFacts) -> None:
        """Counts the host with its load into its kind, groups and cluster."""
        cluster = self.cluster_columns.facts[self.cluster[slot]]
        self.cpu_limit[slot] = round(facts.cpu_total_mhz * cluster.cpu_overcommit)
        self.memory_limit[slot] = round(facts.memory_total_bytes * cluster.memory_overcommit)
        self.guest_limit[slot] = facts.max_guests
        self.usable[slot] = facts.usable
        keys = self._group_keys(slot, facts)
        tag_set = self._tag_sets.of(self._tag_bits(facts.tags))
        kind = Kind(
            keys[0][1],
            self.pod[slot],
            self.cluster[slot],
            int(facts.usable),
            self._words.of(facts.hypervisor),
            self._words.of(facts.arch),
            tag_set,
            self._host_owner.get(facts.host_id, 0),
            facts.cpu_cores,
            facts.cpu_speed_mhz,
        )
        number = self.kinds.of(kind)
        if number != self.kind[slot]:
            self.kind[slot] = number
            self.spreads.note(slot)
        if facts.usable:
            for key in keys:
                self._usable.setdefault(key, SlotSet()).add(slot)
            cpu, memory = self.cpu_limit[slot], self.memory_limit[slot]
            self.cluster_columns.add(self.cluster[slot], cpu, self.cpu_used[slot], memory, self.memory_used[slot], 1)
        self._set_load(slot, self.cpu_used[slot], self.memory_used[slot], self.guests[slot])

    def _detach(self, slot: int) -> None:
        """Undoes `_attach`; the load stays."""
        facts = self.facts[slot]
        assert facts is not None
        if not facts.usable:
            return
        for key in self._group_keys(slot, facts):
            self._usable[key].remove(slot)
        cpu, memory = -self.cpu_limit[slot], -self.memory_limit[slot]
        self.cluster_columns.add(self.cluster[slot], cpu, -self.cpu_used[slot], memory, -self.memory_used[slot], -1)

    def _set_load(self, slot: int, cpu_used_mhz: int, memory_used_bytes: int, guests: int) -> None:
        cpu_limit, memory_limit = self.cpu_limit[slot], self.memory_limit[slot]
        cpu_more, memory_more = cpu_used_mhz - self.cpu_used[slot], memory_used_bytes - self.memory_used[slot]
        self.cpu_used[slot] = cpu_used_mhz
        self.memory_used[slot] = memory_used_bytes
        self.guests[slot] = guests
        self.cpu_free[slot] = cpu = cpu_limit - cpu_used_mhz
        self.memory_free[slot] = memory = memory_limit - memory_used_bytes
        self.guest_room[slot] = self.guest_limit[slot] - guests
        self.cpu_share[slot] = cpu_share = cpu / (cpu_limit or 1)
        self.slack[slot] = cpu_share + memory / (memory_limit or 1)
        if self.usable[slot] and (cpu_more or memory_more):
            self.cluster_columns.load(self.cluster[slot], cpu_more, memory_more)
