"""All hosts as columns, kept up to date change by change: what placement looks at.

A host has a *slot*, the same in every column, for as long as it is known. Columns that probes read one by one are
Python lists (an item of a numpy array costs three times as much); those that scans read whole are numpy arrays beside
them. Every change goes through `_set_load` or `_attach`/`_detach`, which write both.

The columns propose and the store decides: after a plan the caller reserves here at once (so that the next plan sees
it), then runs its guarded UPDATE with `limits(host)`; where that refuses, it releases, sets the usage the store tells,
and asks again. Sums per cluster (for the disable thresholds) and per account (for dispersing and concentrating) are
kept the same way, so no cost depends on how many hosts a cluster has, but for changing the cluster itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lakh.placement.facts import ClusterFacts, HostFacts, HostLimits, HostLoad
from lakh.placement.groups import EMPTY, SlotSet
from lakh.placement.kinds import ABSENT, Kind, KindTable, Numbers, Places, Signature, Verdicts
from lakh.placement.request import Request
from lakh.placement.sums import AccountGuests, ClusterColumns

PlaceKind = Literal["zone", "pod", "cluster", "host"]


class _Mirror:
    """The numpy side of the columns, grown by doubling; free slots hold no room."""

    __slots__ = ("cluster", "cpu_free", "cpu_share", "guest_room", "host_id", "kind", "memory_free", "pod", "slack")

    def __init__(self) -> None:
        self.host_id = np.zeros(0, np.int64)
        self.kind = np.zeros(0, np.intp)  # the index type, so that scans need not convert it
        self.pod = np.zeros(0, np.int32)
        self.cluster = np.zeros(0, np.int32)
        self.cpu_free = np.zeros(0, np.int64)
        self.memory_free = np.zeros(0, np.int64)
        self.guest_room = np.zeros(0, np.int32)
        self.cpu_share = np.zeros(0, np.float64)  # free CPU of the limit
        self.slack = np.zeros(0, np.float64)  # free shares of CPU and memory together

    def grow(self) -> None:
        more = max(64, len(self.kind))
        for name in self.__slots__:
            column: npt.NDArray[Any] = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(more, column.dtype)]))


class HostColumns:
    """Every host of the cloud. Unknown host ids raise KeyError; methods are O(1) unless they say otherwise."""

    def __init__(self) -> None:
        self.slot_of: dict[int, int] = {}
        self.facts: list[HostFacts | None] = []
        self.kind: list[int] = []
        self.host_id: list[int] = []
        self.pod: list[int] = []
        self.cluster: list[int] = []
        self.cpu_limit: list[int] = []
        self.memory_limit: list[int] = []
        self.load: list[HostLoad] = []
        self.cpu_free: list[int] = []
        self.memory_free: list[int] = []
        self.guest_room: list[int] = []
        self.slack: list[float] = []
        self.mirror = _Mirror()
        self.zones, self.pods, self.clusters = Places(), Places(), Places()
        self.cluster_columns = ClusterColumns()
        self.accounts = AccountGuests()
        self._tags, self._words = Numbers[str](), Numbers[str]()
        self._tag_sets = Numbers[int](0)
        self._owners = Numbers[tuple[int | None, int | None]]((None, None))
        self._host_owner: dict[int, int] = {}
        self.kinds = KindTable(self.zones, self.pods, self.clusters, self._tag_sets.values)
        self._free: list[int] = []
        self._members: dict[int, SlotSet] = {}  # every host of a cluster
        self._usable: dict[tuple[str, int], SlotSet] = {}  # usable hosts of a zone, pod, cluster or tag

    def __len__(self) -> int:
        return len(self.slot_of)

    def __contains__(self, host_id: int) -> bool:
        return host_id in self.slot_of

    @property
    def end(self) -> int:
        """One past the highest slot ever used."""
        return len(self.kind)

    # --- hosts -------------------------------------------------------------------------------------------------------
    def upsert(self, facts: HostFacts) -> None:
        """Adds a host without load, or replaces the facts of a known one and keeps its load.

        Raises ValueError for another zone, pod or cluster than before: hosts do not move, they are removed and added.
        """
        slot = self.slot_of.get(facts.host_id)
        if slot is None:
            slot = self._take_slot(facts)
            load = HostLoad(0, 0, 0)
        else:
            known = self.facts[slot]
            assert known is not None
            if (known.zone_id, known.pod_id, known.cluster_id) != (facts.zone_id, facts.pod_id, facts.cluster_id):
                raise ValueError(f"host {facts.host_id} cannot change its zone, pod or cluster: remove it first")
            load = self.load[slot]
            self._detach(slot)
        self.facts[slot] = facts
        self._attach(slot, facts, load)

    def remove(self, host_id: int) -> None:
        """Forgets a host and its guests. O(accounts) if it had any."""
        slot = self.slot_of.pop(host_id)
        self._detach(slot)
        self._members[self.cluster[slot]].remove(slot)
        if self.load[slot].guests:
            self.accounts.forget_host(slot, self.cluster[slot], self.pod[slot])
        self._host_owner.pop(host_id, None)
        self.facts[slot] = None
        self.kind[slot] = self.mirror.kind[slot] = ABSENT
        self._free.append(slot)

    def set_usable(self, host_id: int, usable: bool) -> None:
        """The host became usable (type Routing, Up and Enabled), or no longer is."""
        slot = self.slot_of[host_id]
        known = self.facts[slot]
        assert known is not None
        if known.usable != usable:
            self.upsert(replace(known, usable=usable))

    # --- load --------------------------------------------------------------------------------------------------------
    def set_usage(self, host_id: int, cpu_used_mhz: int, memory_used_bytes: int, guests: int) -> None:
        """Sets what the store says of a host. Accounts' guests are not touched: see `set_account_guests`."""
        self._set_load(self.slot_of[host_id], HostLoad(cpu_used_mhz, memory_used_bytes, guests))

    def reserve(
        self, host_id: int, cpu_mhz: int, memory_bytes: int, account_id: int | None = None, guests: int = 1
    ) -> None:
        """Counts a VM in. Refuses nothing: the store has decided, or will."""
        slot = self.slot_of[host_id]
        load = self.load[slot]
        changed = HostLoad(load.cpu_used_mhz + cpu_mhz, load.memory_used_bytes + memory_bytes, load.guests + guests)
        self._set_load(slot, HostLoad(*[max(0, value) for value in changed]))
        if account_id is not None:
            self.accounts.add(account_id, slot, self.cluster[slot], self.pod[slot], guests)

    def release(
        self, host_id: int, cpu_mhz: int, memory_bytes: int, account_id: int | None = None, guests: int = 1
    ) -> None:
        """Counts a VM out; stops at zero where a `set_usage` has overtaken it. `guests=0` for a VM that stopped
        earlier and now gives up its reservation."""
        self.reserve(host_id, -cpu_mhz, -memory_bytes, account_id, -guests)

    def set_account_guests(self, account_id: int, host_id: int, guests: int) -> None:
        """Sets how many guests an account has on a host, as when columns are first filled."""
        slot = self.slot_of[host_id]
        had = self.accounts.hosts.get(account_id, {}).get(slot, 0)
        self.accounts.add(account_id, slot, self.cluster[slot], self.pod[slot], guests - had)

    def usage(self, host_id: int) -> HostLoad:
        return self.load[self.slot_of[host_id]]

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
            self._attach(slot, host, self.load[slot])
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
    def verdicts(self, request: Request) -> Verdicts:
        """The verdicts on all kinds for what `request` asks of them."""
        owners: Iterable[int] = ()
        if len(self._owners) > 1:
            mine = [(request.account_id, None), *[(None, domain) for domain in request.domain_ids]]
            owners = [n for n in map(self._owners.find, mine) if n > 0]
        signature = Signature(
            self.zones.numbers.find(request.zone_id),
            None if request.hypervisor is None else self._words.find(request.hypervisor),
            None if request.arch is None else self._words.find(request.arch),
            self._tag_bits(request.host_tags),
            request.explicit_dedication,
            frozenset(owners),
            request.cpu_count,
            request.cpu_speed_mhz,
        )
        return self.kinds.verdicts(signature)

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
        else:
            slot = len(self.kind)
            for column in (self.kind, self.host_id, self.pod, self.cluster, self.cpu_limit, self.memory_limit):
                column.append(0)
            for column in (self.cpu_free, self.memory_free, self.guest_room):
                column.append(0)
            self.facts.append(None)
            self.load.append(HostLoad(0, 0, 0))
            self.slack.append(0.0)
            if slot >= len(self.mirror.kind):
                self.mirror.grow()
        self.slot_of[facts.host_id] = slot
        self.host_id[slot] = self.mirror.host_id[slot] = facts.host_id
        self.zones.of(facts.zone_id)
        self.pod[slot] = self.mirror.pod[slot] = self.pods.of(facts.pod_id)
        cluster = self.cluster[slot] = self.mirror.cluster[slot] = self._cluster_number(facts.cluster_id)
        self._members.setdefault(cluster, SlotSet()).add(slot)
        return slot

    def _cluster_number(self, cluster_id: int) -> int:
        number = self.clusters.of(cluster_id)
        self.cluster_columns.ensure(number)
        return number

    def _group_keys(self, slot: int, facts: HostFacts) -> list[tuple[str, int]]:
        keys = [("zone", self.zones.of(facts.zone_id)), ("pod", self.pod[slot]), ("cluster", self.cluster[slot])]
        return keys + [("tag", self._tags.of(tag)) for tag in facts.tags]

    def _attach(self, slot: int, facts: HostFacts, load: HostLoad) -> None:
        """Counts the host into its kind, groups and cluster."""
        cluster = self.cluster_columns.facts[self.cluster[slot]]
        self.cpu_limit[slot] = round(facts.cpu_total_mhz * cluster.cpu_overcommit)
        self.memory_limit[slot] = round(facts.memory_total_bytes * cluster.memory_overcommit)
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
        self.kind[slot] = self.mirror.kind[slot] = self.kinds.of(kind)
        self.load[slot] = HostLoad(0, 0, 0)
        if facts.usable:
            for key in keys:
                self._usable.setdefault(key, SlotSet()).add(slot)
            self.cluster_columns.add(self.cluster[slot], self.cpu_limit[slot], 0, self.memory_limit[slot], 0, 1)
        self._set_load(slot, load)

    def _detach(self, slot: int) -> None:
        """Undoes `_attach`; the load stays in `load`."""
        facts, load = self.facts[slot], self.load[slot]
        assert facts is not None
        if not facts.usable:
            return
        for key in self._group_keys(slot, facts):
            self._usable[key].remove(slot)
        self.cluster_columns.add(
            self.cluster[slot],
            -self.cpu_limit[slot],
            -load.cpu_used_mhz,
            -self.memory_limit[slot],
            -load.memory_used_bytes,
            -1,
        )

    def _set_load(self, slot: int, load: HostLoad) -> None:
        facts, had, mirror = self.facts[slot], self.load[slot], self.mirror
        assert facts is not None
        self.load[slot] = load
        cpu = self.cpu_free[slot] = self.cpu_limit[slot] - load.cpu_used_mhz
        memory = self.memory_free[slot] = self.memory_limit[slot] - load.memory_used_bytes
        mirror.cpu_free[slot] = cpu
        mirror.memory_free[slot] = memory
        self.guest_room[slot] = mirror.guest_room[slot] = facts.max_guests - load.guests
        mirror.cpu_share[slot] = cpu_share = cpu / max(1, self.cpu_limit[slot])
        slack = cpu_share + memory / max(1, self.memory_limit[slot])
        self.slack[slot] = mirror.slack[slot] = slack
        if facts.usable:
            cpu_more, memory_more = load.cpu_used_mhz - had.cpu_used_mhz, load.memory_used_bytes - had.memory_used_bytes
            self.cluster_columns.add(self.cluster[slot], 0, cpu_more, 0, memory_more, 0)
