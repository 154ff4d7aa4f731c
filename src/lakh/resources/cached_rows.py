"""Rows of large tables that answers need for names (accounts, users), kept by id and dropped as they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from cachetools import LRUCache

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.store.changes import dropped
from lakh.store.statement import Step, select
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


class CachedRows(Generic[T]):
    """Read-through by id; subclasses name the row and are parts of the cloud. Removed rows are found too.

    class Accounts(CachedRows[AccountRow]):
        ROW = AccountRow

    account = await cloud.part(Accounts).get(account_id)
    """

    ROW: type[T]

    def __init__(self, cloud: Cloud) -> None:
        self._store = cloud.store
        name = self.ROW.TABLE.name
        self._query = select(f"{name}.cached", self.ROW, "WHERE id = ANY($1)")
        self._known: LRUCache[int, T] = LRUCache(limits.ROWS_CACHED)
        self._version = 0
        self.hits = 0
        self.loads = 0
        cloud.store.follow(name, self._changed)

    def _changed(self, steps: Sequence[Step]) -> None:
        self._version += 1
        dropped(self._known, steps)

    async def get(self, row_id: int) -> T | None:
        """The row of that id."""
        found = self._known.get(row_id)
        if found is not None:
            self.hits += 1
            return found
        return (await self.many((row_id,))).get(row_id)

    async def many(self, row_ids: Iterable[int]) -> dict[int, T]:
        """The rows of those ids that exist, with one statement for all that are not in memory."""
        found: dict[int, T] = {}
        missing: set[int] = set()
        for row_id in row_ids:
            row = self._known.get(row_id)
            if row is None:
                missing.add(row_id)
            else:
                found[row_id] = row
        self.hits += len(found)
        if missing:
            version = self._version
            self.loads += 1
            rows = await self._store.rows(self._query, sorted(missing))
            for row in rows:
                found[row.id] = row  # type: ignore[attr-defined]
            if version == self._version:
                self._known.update({row.id: row for row in rows})  # type: ignore[attr-defined]
        return found
