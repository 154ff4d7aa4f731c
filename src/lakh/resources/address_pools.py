"""Free numbers of many things in memory (addresses of networks and ranges, VLANs), each read once, page by page.

Memory proposes and a unique index decides. What memory counts as free and is taken, the index refuses; what it counts
as taken and is free (another control process gave it back, a proposal came to nothing in a crash) shows when all seem
taken, and then they are read anew. Not more often than costs a twentieth of the time, though: a full network of a
million addresses refuses as many requests as its users send.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache

from lakh.base.limits import POOL_PAGE
from lakh.jobs.cloud import Cloud
from lakh.resources.number_pool import NumberPool, NumberSet
from lakh.store.statement import Statement
from lakh.store.store import Store

REREAD_SHARE: Final = 20
"""A pool that seems used up is read anew at most in one part of so many of the time."""

K = TypeVar("K", bound=Hashable)
Range = tuple[int, int]


@dataclass(slots=True)
class _Known:
    """A pool, what its ranges were made of, and from when on it may be read anew."""

    pool: NumberPool
    as_of: Any
    reread_from: float


class AddressPools(Generic[K]):
    """Pools by key; `read(key)` yields pages of what is taken. Above `limit` the least recently used are forgotten."""

    def __init__(self, cloud: Cloud, read: Callable[[K], AsyncIterator[Iterable[int]]], *, limit: int = 0) -> None:
        self._cloud = cloud
        self._read = read
        self._known: MutableMapping[K, _Known] = LRUCache(limit) if limit else {}
        self._reading: dict[K, tuple[NumberSet, asyncio.Task[NumberPool]]] = {}

    async def take(self, asked: Asked[K]) -> int | None:
        """As `Asked.take`."""
        number = (await self.pool(asked)).take()
        known = self._known.get(asked.key)
        if number is None and known is not None and self._cloud.clock.monotonic() >= known.reread_from:
            self.forget(asked.key)
            number = (await self.pool(asked)).take()
        return number

    async def pool(self, asked: Asked[K]) -> NumberPool:
        """As `Asked.pool`."""
        known = self._known.get(asked.key)
        if known is not None:
            if known.as_of is not asked.as_of and known.as_of != asked.as_of:
                known.as_of = asked.as_of
                if (now := list(asked.ranges())) != known.pool.ranges:
                    known.pool = NumberPool(now, known.pool.taken)
            return known.pool
        reading = self._reading.get(asked.key)
        if reading is None:
            taken = NumberSet(asked.kept)
            reading = taken, asyncio.create_task(self._load(asked, taken))
            self._reading[asked.key] = reading
        return await asyncio.shield(reading[1])

    async def _load(self, asked: Asked[K], taken: NumberSet) -> NumberPool:
        clock = self._cloud.clock
        try:
            began = clock.monotonic()
            async for page in self._read(asked.key):
                for number in page:
                    taken.add(number)
            now = clock.monotonic()
            pool = NumberPool(asked.ranges(), taken)
            pool.start_at(pool.size * (self._cloud.number - 1) // self._cloud.controls)
            self._known[asked.key] = _Known(pool, asked.as_of, now + REREAD_SHARE * (now - began))
            return pool
        finally:
            del self._reading[asked.key]

    def taken(self, key: K) -> NumberSet | None:
        """What is counted as taken, also while it is being read; None where nothing is known."""
        if (known := self._known.get(key)) is not None:
            return known.pool.taken
        reading = self._reading.get(key)
        return reading[0] if reading is not None else None

    def all_taken(self) -> dict[K, NumberSet]:
        """What is counted as taken, by key, of those that are known."""
        return {key: known.pool.taken for key, known in self._known.items()}

    def note(self, key: K, number: int) -> None:
        """Counts a number as taken."""
        if (taken := self.taken(key)) is not None:
            taken.add(number)

    def give_back(self, key: K, number: int) -> None:
        """Counts a number as free."""
        if (taken := self.taken(key)) is not None:
            taken.discard(number)

    def forget(self, key: K) -> None:
        """Has it read anew at the next allocation."""
        self._known.pop(key, None)

    def forget_all(self) -> None:
        """As `forget`, of all."""
        self._known.clear()


@dataclass(frozen=True, slots=True)
class Asked(Generic[K]):
    """One pool of many. `as_of` is what `ranges()` come from: they are asked for again when it differs. `kept` are
    never dealt."""

    pools: AddressPools[K]
    key: K
    as_of: Any
    ranges: Callable[[], Sequence[Range]]
    kept: Iterable[int] = ()

    async def take(self) -> int | None:
        """Proposes a free number and counts it as taken; None when all are."""
        return await self.pools.take(self)

    async def pool(self) -> NumberPool:
        """The pool as it is known, or read now."""
        return await self.pools.pool(self)


async def read_pages(
    store: Store, made: Statement, arguments: Sequence[Any], after: Any, number: Callable[[tuple[Any, ...]], int]
) -> AsyncIterator[Iterable[int]]:
    """The numbers in the rows of a statement that takes `arguments` and the first column of the row to go on after, and
    answers at most POOL_PAGE rows."""
    while True:
        page = await store.read(made, *arguments, after)
        yield map(number, page)
        if len(page) < POOL_PAGE:
            return
        after = page[-1][0]
