"""Where a volume goes: primary storage pools as columns, chosen by allocators of CloudStack's names.

The VM's host comes first, so a choice looks only at the few pools that host reaches: zone-wide ones, its cluster's, its
own. Only a request without host (which clusters would do?) and a refusal look at all pools, in one numpy pass.
Allocators are asked in the order of `storage.pool.allocators.order`; within one, `volume.allocation.algorithm` decides.
The reservation is the caller's guarded UPDATE, bounded by `PoolPlan.allocatable_bytes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from lakh.placement.refusal import PoolCheck, Refusal

PoolScope = Literal["ZONE", "CLUSTER", "HOST"]

ALLOCATORS: dict[str, PoolScope] = {
    "LocalStorage": "HOST",
    "ClusterScopeStoragePoolAllocator": "CLUSTER",
    "ZoneWideStoragePoolAllocator": "ZONE",
}
"""Storage pool allocators and the scope each looks in (catalogue, storage_pool_allocators), in their order."""

ALGORITHMS = ("random", "firstfit", "userdispersing", "firstfitleastconsumed")
"""Values of `volume.allocation.algorithm`."""

_SCOPES: tuple[PoolScope, ...] = ("ZONE", "CLUSTER", "HOST")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """A primary storage pool. `usable`: status Up. `place_id` is the cluster's or host's id of such a scope.

    `overprovisioning` is `storage.overprovisioning.factor` where the pool's type allows it, else 1. The thresholds are
    `pool.storage.capacity.disablethreshold` and `pool.storage.allocated.capacity.disablethreshold`.
    """

    pool_id: int
    zone_id: int
    scope: PoolScope
    place_id: int | None = None
    usable: bool
    capacity_bytes: int
    tags: tuple[str, ...] = ()
    overprovisioning: float = 2.0
    used_threshold: float = 0.85
    allocated_threshold: float = 0.85

    def __post_init__(self) -> None:
        if self.scope not in _SCOPES:
            raise ValueError(f"scope {self.scope!r} is unknown; it must be one of {', '.join(_SCOPES)}")
        if (self.scope == "ZONE") != (self.place_id is None):
            raise ValueError(
                f"place_id is {self.place_id}; a pool of scope CLUSTER or HOST has one, of scope ZONE none"
            )

    @property
    def usable_bytes(self) -> int:
        return round(self.capacity_bytes * self.used_threshold)

    @property
    def allocatable_bytes(self) -> int:
        return round(self.capacity_bytes * self.overprovisioning * self.allocated_threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRequest:
    """A volume that needs a pool. `tags` are all required. `local` asks for the host's own storage, else for shared.

    With `host_id` (and its `cluster_id`) only pools that host reaches will do. Raises ValueError as Request does.
    """

    zone_id: int
    size_bytes: int
    host_id: int | None = None
    cluster_id: int | None = None
    tags: tuple[str, ...] = ()
    local: bool = False
    pool_id: int | None = None
    avoid_pools: frozenset[int] = frozenset()
    account_id: int = 0
    algorithm: str = "random"
    allocators: tuple[str, ...] = tuple(ALLOCATORS)

    def __post_init__(self) -> None:
        if self.size_bytes < 1:
            raise ValueError(f"size_bytes is {self.size_bytes}; it must be 1 or more")
        if self.host_id is not None and self.cluster_id is None:
            raise ValueError("cluster_id is missing; it goes with host_id")
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm {self.algorithm!r} is unknown; it must be one of {', '.join(ALGORITHMS)}")
        if unknown := [name for name in self.allocators if name not in ALLOCATORS]:
            raise ValueError(f"allocator {unknown[0]!r} is unknown; it must be one of {', '.join(ALLOCATORS)}")

    @property
    def scopes(self) -> tuple[PoolScope, ...]:
        """Scopes to look in, in order: an allocator for local storage answers only requests for it, and no other."""
        scopes = [ALLOCATORS[name] for name in self.allocators]
        return tuple(scope for scope in scopes if (scope == "HOST") == self.local)

    def asked(self) -> str:
        kind = "local" if self.local else "shared"
        text = f"a volume of {self.size_bytes / (1 << 30):g} GiB on {kind} storage"
        return text + (f" with storage tags {', '.join(self.tags)}" if self.tags else "")


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """The pool to reserve on, and the bound of allocated bytes for the guarded UPDATE."""

    pool_id: int
    allocatable_bytes: int


class StorageReach(NamedTuple):
    """Where the storage for a request is: what `Request.storage_clusters` and `storage_hosts` want to know."""

    clusters: frozenset[int] | None
    hosts: frozenset[int] | None


class _Table:
    """The pools as arrays, in order of id: built after facts changed, kept up to date while usage changes."""

    def __init__(self, facts: list[PoolFacts]) -> None:
        self.row = {f.pool_id: row for row, f in enumerate(facts)}
        self.pool = np.array([f.pool_id for f in facts], np.int64)
        self.zone = np.array([f.zone_id for f in facts], np.int64)
        self.scope = np.array([_SCOPES.index(f.scope) for f in facts], np.int64)
        self.place = np.array([-1 if f.place_id is None else f.place_id for f in facts], np.int64)
        self.usable = np.array([f.usable for f in facts], bool)
        self.used_room = np.zeros(len(facts), np.int64)
        self.room = np.zeros(len(facts), np.int64)
        numbers: dict[tuple[str, ...], int] = {}
        self.tag_set = np.array([numbers.setdefault(f.tags, len(numbers)) for f in facts], np.intp)
        self.tag_sets = list(numbers)

    def codes(self, request: PoolRequest) -> npt.NDArray[np.uint8]:
        """Per pool, the first check it fails."""
        codes = np.zeros(len(self.pool), np.uint8)
        for check, failed in self._failures(request):
            codes[failed & (codes == PoolCheck.NONE)] = check
        return codes

    def _failures(self, request: PoolRequest) -> Iterator[tuple[PoolCheck, npt.NDArray[np.bool_]]]:
        yield PoolCheck.ZONE, self.zone != request.zone_id
        if request.pool_id is not None:
            yield PoolCheck.POOL, self.pool != request.pool_id
        yield PoolCheck.SCOPE, ~np.isin(self.scope, [_SCOPES.index(scope) for scope in request.scopes])
        for scope, place in (("CLUSTER", request.cluster_id), ("HOST", request.host_id)):
            if place is not None:
                yield PoolCheck.REACH, (self.scope == _SCOPES.index(scope)) & (self.place != place)
        yield PoolCheck.STATUS, ~self.usable
        yield PoolCheck.AVOID, np.isin(self.pool, sorted(request.avoid_pools))
        lacking = np.array([not set(request.tags).issubset(tags) for tags in self.tag_sets], bool)
        yield PoolCheck.TAGS, lacking[self.tag_set]
        yield PoolCheck.USED, self.used_room < 0
        yield PoolCheck.ALLOCATED, self.room < request.size_bytes


class PoolColumns:
    """Every primary storage pool. Unknown pool ids raise KeyError."""

    def __init__(self) -> None:
        self._facts: dict[int, PoolFacts] = {}
        self._used: dict[int, int] = {}
        self._allocated: dict[int, int] = {}
        self._volumes: dict[int, dict[int, int]] = {}  # account → pool → volumes
        self._reach: dict[tuple[PoolScope, int], list[int]] = {}  # (scope, zone, cluster or host) → pools by id
        self._table: _Table | None = None

    def __len__(self) -> int:
        return len(self._facts)

    def upsert(self, facts: PoolFacts) -> None:
        """Adds an empty pool, or replaces the facts of a known one and keeps its usage."""
        known = self._facts.get(facts.pool_id)
        if known is not None:
            self._reach[_place(known)].remove(facts.pool_id)
        self._facts[facts.pool_id] = facts
        reached = self._reach.setdefault(_place(facts), [])
        reached.append(facts.pool_id)
        reached.sort()
        self._used.setdefault(facts.pool_id, 0)
        self._allocated.setdefault(facts.pool_id, 0)
        self._table = None

    def remove(self, pool_id: int) -> None:
        facts = self._facts.pop(pool_id)
        self._reach[_place(facts)].remove(pool_id)
        del self._used[pool_id], self._allocated[pool_id]
        for volumes in self._volumes.values():
            volumes.pop(pool_id, None)
        self._table = None

    def set_usage(self, pool_id: int, *, used_bytes: int, allocated_bytes: int) -> None:
        """What the pool's hosts report as used, and what the store has allocated."""
        self._facts[pool_id]
        self._used[pool_id] = used_bytes
        self._allocated[pool_id] = allocated_bytes
        self._note(pool_id)

    def reserve(self, pool_id: int, size_bytes: int, account_id: int | None = None, volumes: int = 1) -> None:
        """Counts a volume in; with `volumes=0` a resize. Refuses nothing: the store has decided, or will."""
        self._allocated[pool_id] = max(0, self._allocated[pool_id] + size_bytes)
        if account_id is not None:
            counts = self._volumes.setdefault(account_id, {})
            counts[pool_id] = max(0, counts.get(pool_id, 0) + volumes)
        self._note(pool_id)

    def release(self, pool_id: int, size_bytes: int, account_id: int | None = None, volumes: int = 1) -> None:
        """Counts a volume out; stops at zero where a `set_usage` has overtaken it."""
        self.reserve(pool_id, -size_bytes, account_id, -volumes)

    def allocated_bytes(self, pool_id: int) -> int:
        return self._allocated[pool_id]

    # --- choosing ----------------------------------------------------------------------------------------------------
    def choose(self, request: PoolRequest, random: Random) -> PoolPlan | Refusal:
        """The pool for a volume. Without `host_id` any place of the zone will do. Changes nothing."""
        for scope in request.scopes:
            if fitting := self._fitting(request, scope):
                pool_id = self._pick(fitting, request, random)
                return PoolPlan(pool_id, self._facts[pool_id].allocatable_bytes)
        return self.refusal(request)

    def reach(self, request: PoolRequest) -> StorageReach:
        """Where hosts may stand for this volume: (None, None) when a zone-wide pool will do."""
        if "ZONE" in request.scopes and self._fitting(request, "ZONE"):
            return StorageReach(None, None)
        table = self._current()
        fits = table.codes(request) == PoolCheck.NONE
        of_cluster = fits & (table.scope == _SCOPES.index("CLUSTER"))
        of_host = fits & (table.scope == _SCOPES.index("HOST"))
        return StorageReach(frozenset(table.place[of_cluster].tolist()), frozenset(table.place[of_host].tolist()))

    def refusal(self, request: PoolRequest) -> Refusal:
        """Charges every pool to the first check it fails. Call it only when none passes."""
        counts = np.bincount(self._current().codes(request), minlength=len(PoolCheck)).tolist()
        failed = tuple((check, counts[check]) for check in PoolCheck if counts[check])
        return Refusal("storage pools", request.asked(), len(self), failed, len(self))

    def _current(self) -> _Table:
        if self._table is None:
            self._table = _Table([self._facts[pool_id] for pool_id in sorted(self._facts)])
            for pool_id in self._facts:
                self._note(pool_id)
        return self._table

    def _note(self, pool_id: int) -> None:
        """Writes a pool's room to the table."""
        if self._table is not None:
            row, facts = self._table.row[pool_id], self._facts[pool_id]
            self._table.used_room[row] = facts.usable_bytes - self._used[pool_id]
            self._table.room[row] = facts.allocatable_bytes - self._allocated[pool_id]

    def _fitting(self, request: PoolRequest, scope: PoolScope) -> list[int]:
        """The pools of a scope that pass, by id."""
        candidates = self._candidates(request, scope)
        if candidates is not None:
            return [pool for pool in candidates if self._passes(pool, request)]
        table = self._current()
        fits = (table.codes(request) == PoolCheck.NONE) & (table.scope == _SCOPES.index(scope))
        found: list[int] = table.pool[fits].tolist()
        return found

    def _candidates(self, request: PoolRequest, scope: PoolScope) -> list[int] | None:
        """The few pools of a scope that the request can reach; None where that is all of them."""
        if request.pool_id is not None:
            known = self._facts.get(request.pool_id)
            return [request.pool_id] if known is not None and known.scope == scope else []
        place = {"ZONE": request.zone_id, "CLUSTER": request.cluster_id, "HOST": request.host_id}[scope]
        return None if place is None else self._reach.get((scope, place), [])

    def _passes(self, pool_id: int, request: PoolRequest) -> bool:
        """All checks of one pool."""
        facts = self._facts[pool_id]
        place = {"ZONE": None, "CLUSTER": request.cluster_id, "HOST": request.host_id}[facts.scope]
        return (
            facts.zone_id == request.zone_id
            and (request.pool_id is None or request.pool_id == pool_id)
            and (place is None or facts.place_id == place)
            and facts.usable
            and pool_id not in request.avoid_pools
            and set(request.tags).issubset(facts.tags)
            and self._used[pool_id] <= facts.usable_bytes
            and self._allocated[pool_id] + request.size_bytes <= facts.allocatable_bytes
        )

    def _pick(self, fitting: list[int], request: PoolRequest, random: Random) -> int:
        if request.algorithm == "firstfit":
            return min(fitting)
        if request.algorithm == "firstfitleastconsumed":
            return min(fitting, key=lambda p: (self._allocated[p] / max(1, self._facts[p].allocatable_bytes), p))
        if request.algorithm == "userdispersing":
            volumes = self._volumes.get(request.account_id, {})
            return min(fitting, key=lambda p: (volumes.get(p, 0), p))
        return fitting[int(random.random() * len(fitting))]


def _place(facts: PoolFacts) -> tuple[PoolScope, int]:
    return facts.scope, facts.zone_id if facts.place_id is None else facts.place_id
