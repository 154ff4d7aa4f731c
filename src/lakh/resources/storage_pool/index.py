"""All primary storage pools as placement's columns, kept up by what this server places and refreshed from the store.

Memory proposes: what this server chose is counted at once, what others take or give back is seen at the next refresh.
One comes every few seconds while space is taken, at once after pools or settings changed, and before a pool is refused
or is nearly full. The guarded UPDATE of `storage_pool_capacity` decides.
"""

from __future__ import annotations

import asyncio
from typing import Final

from lakh.jobs.cloud import Cloud
from lakh.placement.refusal import Refusal
from lakh.placement.storage import ALGORITHMS, ALLOCATORS, PoolColumns, PoolFacts, PoolPlan, PoolRequest
from lakh.resources.configuration.values import Settings
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.storage_pool.size import factor
from lakh.store.snapshot import Loaded

REFRESH_SECONDS: Final = 5.0
SCARCE: Final = 0.02
"""A pool with less of its space free than this is looked at in the store before it is chosen."""

_FACTS: Final = frozenset({"storage_pool", "configuration"})
"""Tables whose changes count at once; those of storage_pool_capacity come with every placement and wait."""


class PoolIndex:
    """A part of the cloud: `await cloud.part(PoolIndex).choose(request)`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.columns = PoolColumns()
        self._known: set[int] = set()
        self._changed = self._facts_changed = True
        self._settings = -1  # as of which version of them the facts are
        self._refreshed = 0.0
        self._loading: asyncio.Task[None] | None = None
        cloud.store.on_commit(self._note)

    def _note(self, tables: frozenset[str]) -> None:
        if not tables.isdisjoint(_FACTS):
            self._changed = self._facts_changed = True
        elif "storage_pool_capacity" in tables:
            self._changed = True

    async def choose(self, request: PoolRequest) -> PoolPlan | Refusal:
        """The pool for a volume, counted there from now on; or why there is none."""
        fresh = await self._refresh(REFRESH_SECONDS)
        found = self.columns.choose(request, self._cloud.random)
        if not fresh and (isinstance(found, Refusal) or self._is_scarce(found)):
            await self._refresh(0.0)
            found = self.columns.choose(request, self._cloud.random)
        if isinstance(found, PoolPlan):
            self.columns.reserve(found.pool_id, request.size_bytes, request.account_id)
        return found

    async def clusters(self, request: PoolRequest) -> frozenset[int] | None:
        """The clusters with a pool for the volume; None where one of the zone's will do for all."""
        fresh = await self._refresh(REFRESH_SECONDS)
        found = self.columns.reach(request).clusters
        if not fresh and found is not None and not found:
            await self._refresh(0.0)
            found = self.columns.reach(request).clusters
        return found

    def algorithm(self, zone_id: int) -> tuple[str, tuple[str, ...]]:
        """(algorithm, allocators in their order) by the settings; unknown words fall back to the defaults."""
        settings = self._cloud.part(Settings)
        algorithm = settings.text("volume.allocation.algorithm", ("Zone", zone_id))
        excluded = {name.strip() for name in settings.text("storage.pool.allocators.exclude").split(",")}
        order = [name.strip() for name in settings.text("storage.pool.allocators.order").split(",")]
        chosen = tuple(name for name in order if name in ALLOCATORS and name not in excluded)
        return algorithm if algorithm in ALGORITHMS else "random", chosen or tuple(ALLOCATORS)

    def _is_scarce(self, plan: PoolPlan) -> bool:
        free = plan.allocatable_bytes - self.columns.allocated_bytes(plan.pool_id)
        return free < SCARCE * plan.allocatable_bytes

    async def _refresh(self, patience_seconds: float) -> bool:
        """Reads pools and what is allocated of them, if that changed and is older than `patience_seconds`.

        True when memory is then as the store is.
        """
        if self._loading is not None:  # what changed is being read, and not here yet
            await asyncio.shield(self._loading)
        if not self._changed:
            return True
        if not self._facts_changed and self._cloud.clock.monotonic() - self._refreshed < patience_seconds:
            return False
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)
        return True

    async def _load(self) -> None:
        try:
            settings = self._cloud.part(Settings).version
            anew = self._facts_changed or self._settings != settings
            self._changed = self._facts_changed = False
            capacities = await self._cloud.store.rows(CAPACITIES)
            if anew:
                self._take(await self._cloud.snapshots.of(StoragePoolRow))
                self._settings = settings
            for row in capacities:
                if row.pool_id in self._known:
                    self.columns.set_usage(row.pool_id, used_bytes=row.used_bytes, allocated_bytes=row.allocated_bytes)
            self._refreshed = self._cloud.clock.monotonic()
        except BaseException:
            self._changed = self._facts_changed = True
            raise
        finally:
            self._loading = None

    def _take(self, loaded: Loaded[StoragePoolRow]) -> None:
        pools = {pool.id: pool for pool in loaded if pool.scope != "HOST"}
        for gone in self._known - pools.keys():
            self.columns.remove(gone)
        for pool in pools.values():
            self.columns.upsert(self._facts(pool))
        self._known = set(pools)

    def _facts(self, pool: StoragePoolRow) -> PoolFacts:
        settings = self._cloud.part(Settings)
        scopes = (("StoragePool", pool.id), ("Zone", pool.zone_id))
        return PoolFacts(
            pool_id=pool.id,
            zone_id=pool.zone_id,
            scope="CLUSTER" if pool.scope == "CLUSTER" else "ZONE",
            place_id=pool.cluster_id if pool.scope == "CLUSTER" else None,
            usable=pool.status == "Up",
            capacity_bytes=pool.capacity_bytes,
            tags=tuple(tag.strip() for tag in pool.tags.split(",") if tag.strip()),
            overprovisioning=factor(self._cloud, pool),
            used_threshold=settings.number("pool.storage.capacity.disablethreshold", *scopes),
            allocated_threshold=settings.number("pool.storage.allocated.capacity.disablethreshold", *scopes),
        )
