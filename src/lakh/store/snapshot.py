"""Whole small tables in memory: zones, offerings, settings, roles.

A snapshot is loaded on first use, reloaded after a commit that changed its table, and read without awaiting the store
in between. Removed rows are kept: the API's uuid lookup includes them. Several readers of a stale snapshot share one
load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter
from typing import Any, Generic, TypeVar

from lakh.store.statement import Query, select
from lakh.store.store import Store
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


class Loaded(Generic[T]):
    """One loaded state of a table. Rows are immutable; the whole object is replaced on change."""

    __slots__ = ("by_id", "by_uuid", "live", "row", "version")

    def __init__(self, kind: type[T], rows: list[T], version: int) -> None:
        self.by_id: dict[int, T] = {}
        self.by_uuid: dict[str, T] = {}
        self.live: list[T] = []
        self.row = kind
        self.version = version
        for row in rows:
            self.by_id[row.id] = row  # type: ignore[attr-defined]
            if (uuid := getattr(row, "uuid", None)) is not None:
                self.by_uuid[uuid] = row
            if getattr(row, "removed_ms", None) is None:
                self.live.append(row)

    def __iter__(self) -> Iterator[T]:
        return iter(self.live)


class Snapshots:
    """The snapshots of one store, by row class."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fresh: dict[type[Row], Loaded[Any]] = {}  # only what no commit has changed since
        self._loaded: dict[str, Loaded[Any]] = {}
        self._queries: dict[str, Query[Any]] = {}
        self._loading: dict[str, asyncio.Task[Loaded[Any]]] = {}
        self._versions: dict[str, int] = {}
        self.hits = 0
        self.loads = 0
        self.load_seconds = 0.0
        store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        for name in tables:
            self._versions[name] = self._versions.get(name, 0) + 1
            if (loaded := self._loaded.get(name)) is not None:
                self._fresh.pop(loaded.row, None)

    async def of(self, row: type[T]) -> Loaded[T]:
        """The current state of the row's table."""
        found = self._fresh.get(row)
        if found is not None:
            self.hits += 1
            return found
        name = row.TABLE.name
        task = self._loading.get(name)
        if task is None:
            task = asyncio.create_task(self._load(row))
            self._loading[name] = task
        return await asyncio.shield(task)

    async def _load(self, row: type[T]) -> Loaded[T]:
        name = row.TABLE.name
        query = self._queries.get(name)
        if query is None:
            query = self._queries[name] = select(f"{name}.snapshot", row, "ORDER BY id")
        try:
            while True:
                version, began = self._versions.get(name, 0), perf_counter()
                loaded = Loaded(row, await self._store.rows(query), version)
                self.loads += 1
                self.load_seconds += perf_counter() - began
                if version == self._versions.get(name, 0):
                    self._loaded[name] = self._fresh[row] = loaded
                    return loaded
        finally:
            self._loading.pop(name, None)

    def latest(self, row: type[T]) -> Loaded[T] | None:
        """The last loaded state, perhaps stale; None before the first load. For synchronous readers of names."""
        return self._loaded.get(row.TABLE.name)
