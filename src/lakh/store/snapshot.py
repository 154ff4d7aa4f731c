"""Whole small tables in memory: zones, offerings, domains, roles.

A snapshot is loaded on first use and read without awaiting the store in between. Removed rows are kept: the API's uuid
lookup includes them. Several readers of a stale snapshot share one load.

*Kept up.* Committed statements name the rows they changed (`store/changes.py`); the next reader has those read anew and
nothing else, so that making the 25,000th domain costs what making the first one did. Where a statement does not tell
its rows, or so many changed that a pass over the table is cheaper, the table is read as a whole. What is worked out
from a snapshot can be kept up in the same way: `changed_since` names the rows that differ between two states of it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from time import perf_counter
from typing import Any, Generic, TypeVar

from lakh.base.limits import SNAPSHOT_JOURNAL, SNAPSHOT_NOTED
from lakh.store.changes import changed_by
from lakh.store.statement import Query, Step, select
from lakh.store.store import Store
from lakh.store.table import Row

T = TypeVar("T", bound=Row)
_id = attrgetter("id")


class _Journal:
    """The ids of rows that changed, oldest first, since the table was last read as a whole; `dropped` of them are
    forgotten already."""

    __slots__ = ("dropped", "ids")

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.dropped = 0

    @property
    def end(self) -> int:
        return self.dropped + len(self.ids)

    def add(self, ids: Iterable[int]) -> None:
        self.ids.extend(ids)
        if len(self.ids) > 2 * SNAPSHOT_JOURNAL:
            cut = len(self.ids) - SNAPSHOT_JOURNAL
            self.dropped += cut
            del self.ids[:cut]


class Loaded(Generic[T]):
    """One loaded state of a table. Rows are immutable; there is a new object after each change.

    It shares its contents with the states before it, which thereby know newer rows too: an old one says what has
    changed since, not what was.
    """

    __slots__ = ("_journal", "_position", "by_id", "by_uuid", "live", "row", "version")

    def __init__(self, kind: type[T], rows: list[T], version: int) -> None:
        self.by_id: dict[int, T] = {}
        self.by_uuid: dict[str, T] = {}
        self.live: list[T] = []
        self.row = kind
        self.version = version
        self._journal = _Journal()
        self._position = 0
        for row in rows:
            self.by_id[row.id] = row  # type: ignore[attr-defined]
            if (uuid := getattr(row, "uuid", None)) is not None:
                self.by_uuid[uuid] = row
            if getattr(row, "removed_ms", None) is None:
                self.live.append(row)

    def __iter__(self) -> Iterator[T]:
        return iter(self.live)

    def changed_since(self, before: Loaded[T] | None) -> Sequence[int] | None:
        """Ids of rows that differ from the state `before`, some perhaps twice; None where that is not known."""
        if before is None or before._journal is not self._journal or before._position < self._journal.dropped:
            return None
        ids, dropped = self._journal.ids, self._journal.dropped
        return ids[before._position - dropped : self._position - dropped]

    def with_rows(self, asked: Sequence[int], rows: Sequence[T], version: int) -> Loaded[T]:
        """The state after these changed: `rows` as they are now; those asked for and not among them are gone."""
        found = Loaded(self.row, [], version)
        found.by_id, found.by_uuid, found.live = self.by_id, self.by_uuid, self.live
        found._journal = self._journal
        now = {row.id: row for row in rows}  # type: ignore[attr-defined]
        for row_id in asked:
            found._put(row_id, now.get(row_id))
        found._journal.add(asked)
        found._position = found._journal.end
        return found

    def _put(self, row_id: int, row: T | None) -> None:
        known = self.by_id.get(row_id)
        if known is not None and (uuid := getattr(known, "uuid", None)) is not None:
            self.by_uuid.pop(uuid, None)
        if row is None:
            self.by_id.pop(row_id, None)
        else:
            self.by_id[row_id] = row
            if (uuid := getattr(row, "uuid", None)) is not None:
                self.by_uuid[uuid] = row
        self._put_live(row_id, row if getattr(row, "removed_ms", None) is None else None)

    def _put_live(self, row_id: int, row: T | None) -> None:
        """In order of ids. Somebody may be in the middle of the list: nobody of it must move there."""
        live = self.live
        if row is not None and (not live or _id(live[-1]) < row_id):
            live.append(row)
            return
        at = bisect_left(live, row_id, key=_id)
        there = at < len(live) and _id(live[at]) == row_id
        if row is None:
            if there:
                self.live = live[:at] + live[at + 1 :]
        elif there:
            live[at] = row
        else:
            self.live = [*live[:at], row, *live[at:]]


class Changes(Generic[T]):
    """What has changed in a snapshot from one look at it to the next."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: Loaded[T] | None = None

    def look(self, loaded: Loaded[T]) -> tuple[Sequence[int], bool]:
        """Ids of rows that changed since the last look; and whether they are all, for it is not known which did."""
        if self._seen is loaded:
            return (), False
        changed, self._seen = loaded.changed_since(self._seen), loaded
        return (list(loaded.by_id), True) if changed is None else (changed, False)


class Snapshots:
    """The snapshots of one store, by row class."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fresh: dict[type[Row], Loaded[Any]] = {}  # only what no commit has changed since
        self._loaded: dict[str, Loaded[Any]] = {}
        self._noted: dict[str, set[int] | None] = {}  # rows that changed since; None: nobody knows which
        self._queries: dict[str, tuple[Query[Any], Query[Any]]] = {}
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

    def _note(self, name: str, steps: Sequence[Step]) -> None:
        noted = self._noted.get(name)
        if noted is None:
            return
        for step in steps:
            how = changed_by(step.statement)
            if how is None or how.column:
                self._noted[name] = None
                return
            value = step.arguments[how.place]
            if how.many:
                noted.update(value)
            else:
                noted.add(value)
        if len(noted) > SNAPSHOT_NOTED:
            self._noted[name] = None

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
        try:
            while True:
                version, began = self._versions.get(name, 0), perf_counter()
                loaded = self._loaded[name] = await self._read(row, name, version)
                self.loads += 1
                self.load_seconds += perf_counter() - began
                if version == self._versions.get(name, 0):
                    self._fresh[row] = loaded
                    return loaded
        finally:
            self._loading.pop(name, None)

    async def _read(self, row: type[T], name: str, version: int) -> Loaded[T]:
        """What changed, where that is known, else all; what changes meanwhile is noted for the next turn."""
        whole, some = self._queries_of(row, name)
        known, noted = self._loaded.get(name), self._noted.get(name)
        self._noted[name] = set()
        try:
            if known is None or noted is None:
                return Loaded(row, await self._store.rows(whole), version)
            asked = sorted(noted)
            return known.with_rows(asked, await self._store.rows(some, asked) if asked else [], version)
        except BaseException:
            self._noted[name] = None
            raise

    def _queries_of(self, row: type[T], name: str) -> tuple[Query[T], Query[T]]:
        found = self._queries.get(name)
        if found is None:
            self._store.follow(name, lambda steps: self._note(name, steps))
            whole = select(f"{name}.snapshot", row, "ORDER BY id")
            found = self._queries[name] = whole, select(f"{name}.snapshot_again", row, "WHERE id = ANY($1)")
        return found

    def latest(self, row: type[T]) -> Loaded[T] | None:
        """The last loaded state, perhaps stale; None before the first load. For synchronous readers of names."""
        return self._loaded.get(row.TABLE.name)
