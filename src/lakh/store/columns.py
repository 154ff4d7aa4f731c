"""A few columns of a large table in memory, so that lists count and find their pages without asking the engine.

An exact count of a million rows costs an engine 100 to 400 ms, whatever index it has; a pass over a column of a million
numbers in memory costs a third of a millisecond, and three of them still less than the look-up of one page of rows.
So what lists filter by (owners, places, states, offerings: numbers, and texts of which there are few) stands here, some
sixty bytes for each row, and any combination of such filters has an exact count and its page of ids at once. Rows
themselves are never here: the page is then fetched by its ids.

*Kept up.* Each committed statement on the table names the rows it changed by its arguments (`WHERE id = $1`, or the
first value of an INSERT). Their ids are noted, and read anew, many at once, before the next list looks; so a writer
pays nanoseconds, and whoever lists after a commit sees that commit. A statement that does not tell which rows it
changed makes the columns be read anew as a whole. Whatever a crash interrupts, the next start reads what is stored.

*While they load* (a second or two for each million rows, in slices, beside everything else) lists ask the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lakh.base.limits import HELD_NOTED, HELD_SLICE
from lakh.base.log import logger
from lakh.store.changes import changed_by
from lakh.store.matching import Mask, Matched, Positions, Test, in_set, nth_of
from lakh.store.numbers import SAID, SHAPE, Numbers, grown
from lakh.store.sentences import UNKNOWN, fitting
from lakh.store.statement import Step, statement
from lakh.store.store import Store, StoreUnavailableError
from lakh.store.table import Row

DEAD_ROWS_KEPT: Final = 10_000
FEW_IDS: Final = 2000
"""Up to so many are looked up one by one; a pass over all rows beats that for more."""
DENSE: Final = 16
"""Ids for each row, up to which a table of all ids is worth its memory for a moment."""
_ID = itemgetter(0)

_log = logger("store.columns")


class Columns:
    """The columns `names` of the rows of `row`'s table that fit the condition `always`, by id, which is in `key`; and
    what the text in the first column of `says` says (`sentences.py`) of what has the uuid in the second."""

    def __init__(
        self,
        store: Store,
        row: type[Row],
        names: Sequence[str],
        always: str,
        label: str,
        key: str = "id",
        says: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._key = key
        self._names = tuple(names)
        self._numbers = Numbers(row, names, says=bool(says))
        table, listed = row.TABLE.name, ", ".join((key, *names, *says))
        where = f"{always} AND " if always else ""
        self._slice = statement(
            f"{label}.held",
            f"SELECT {listed} FROM {table} WHERE {where}{key} > $1 ORDER BY {key} LIMIT {HELD_SLICE}",
            full_scan="reads the table once, in slices by its key",
        )
        self._some = statement(f"{label}.held_again", f"SELECT {listed} FROM {table} WHERE {where}{key} = ANY($1)")
        self._lock = asyncio.Lock()
        self._loading: asyncio.Task[None] | None = None
        self._first_slice = asyncio.Event()
        self._catching_up: asyncio.Task[None] | None = None
        self._noted: set[int] = set()
        self._noted_by: dict[str, set[int]] = {}
        self._loaded = False
        self._empty()
        store.follow(table, self._changed)

    def _empty(self) -> None:
        self._size = 0
        self._dead = 0
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._live: Mask = np.zeros(0, np.bool_)
        self._columns: dict[str, NDArray[Any]] = self._numbers.columns()

    def __contains__(self, column: str) -> bool:
        return column in self._columns

    # --- what has changed ------------------------------------------------------------------------------------------
    def _changed(self, steps: Sequence[Step]) -> None:
        """Notes the rows of committed steps."""
        if self._loading is None and not self._loaded:
            return
        noted = self._noted
        for step in steps:
            how = changed_by(step.statement, self._key)
            if how is None or (how.column and not (self._loaded and how.column in self._columns)):
                self._forget(step.statement.name)
                return
            value = step.arguments[how.place]
            if how.column:
                self._noted_by.setdefault(how.column, set()).add(value)
            elif how.many:
                noted.update(value)
            else:
                noted.add(value)
        many = len(noted) + sum([len(values) for values in self._noted_by.values()])
        if many > HELD_NOTED and self._loaded and self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())

    def _forget(self, name: str) -> None:
        """A statement changed rows it does not name: everything is read anew when next asked for."""
        _log.info("columns read anew", statement=name)
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None
        self._loaded = False
        self._noted.clear()
        self._noted_by.clear()

    async def _catch_up(self) -> None:
        try:
            await self.fresh()
        except StoreUnavailableError as error:
            _log.warning("columns not caught up", reason=str(error))
        finally:
            self._catching_up = None

    async def fresh(self) -> bool:
        """True when the columns say what is committed; False while they load. Raises StoreUnavailableError."""
        if not self._loaded:
            if self._loading is None:
                self._first_slice = asyncio.Event()
                self._loading = asyncio.create_task(self._load())
            await self._first_slice.wait()
            if not self._loaded:
                return False
        if self._noted or self._noted_by or self._lock.locked():
            async with self._lock:
                await self._read_noted()
        return self._loaded

    async def loaded(self) -> None:
        """Loads the columns and waits for the end of it."""
        if not await self.fresh() and self._loading is not None:
            await asyncio.shield(self._loading)

    async def _read_noted(self) -> None:
        for column, values in self._noted_by.items():  # a pass over a column for all of them, not one for each
            mask = self._mask(Test(column, tuple(values)), None)
            self._noted.update(self._ids[: self._size][mask].tolist())
        self._noted_by.clear()
        noted, self._noted = sorted(self._noted), set()
        try:
            for start in range(0, len(noted), HELD_SLICE):
                part = noted[start : start + HELD_SLICE]
                rows = await self._store.read(self._some, part)
                await self._make_room(len(rows))
                if not self._loaded:  # forgotten meanwhile: all is read anew
                    return
                self._take(part, sorted(rows, key=_ID))
        except BaseException:
            self._noted.update(noted)
            raise

    async def _load(self) -> None:
        started, last = self._first_slice, -1
        self._noted.clear()
        self._noted_by.clear()
        self._empty()
        try:
            while rows := await self._store.read(self._slice, last):
                await self._make_room(len(rows))
                self._append(rows)
                last = rows[-1][0]
                if len(rows) < HELD_SLICE:
                    break
                started.set()
                await asyncio.sleep(0)
            self._loaded = True
        except StoreUnavailableError as error:
            _log.warning("columns not loaded", reason=str(error))
        finally:
            if self._loading is asyncio.current_task():
                self._loading = None
            started.set()

    # --- rows ------------------------------------------------------------------------------------------------------
    def _take(self, asked: list[int], rows: list[tuple[Any, ...]]) -> None:
        """Takes rows as they are now; those asked for and not among them are gone."""
        ids = self._ids[: self._size]
        there = {row[0] for row in rows}
        gone = np.array([i for i in asked if i not in there], np.int64)
        places = self._places(gone)
        self._dead += int(np.count_nonzero(self._live[places]))
        self._live[places] = False
        at = np.searchsorted(ids, np.fromiter((row[0] for row in rows), np.int64, len(rows)))
        new: list[tuple[Any, ...]] = []
        known: list[tuple[int, tuple[Any, ...]]] = []
        for place, row in zip(at.tolist(), rows, strict=True):
            if place < self._size and ids[place] == row[0]:
                known.append((place, row))
            else:
                new.append(row)
        if known:
            spots = np.array([place for place, _ in known], np.intp)
            self._dead -= int(np.count_nonzero(~self._live[spots]))
            self._live[spots] = True
            by_column = list(zip(*(row for _, row in known), strict=True))
            for name, numbers in self._numbers.of(by_column, self._columns).items():
                self._columns[name][spots] = numbers
        if new:
            self._append(new)
        if self._dead > max(DEAD_ROWS_KEPT, self._size // 4):
            self._compact()

    async def _make_room(self, more: int) -> None:
        """For so many rows; a column at a time, since copying them all would hold the loop."""
        if (wanted := self._size + more) <= len(self._ids):
            return
        room = max(1024, wanted * 3 // 2)
        for name in list(self._columns):
            self._columns[name] = grown(self._columns[name], room)
            await asyncio.sleep(0)  # nobody else adds rows meanwhile
        self._live = grown(self._live, room)
        self._ids = grown(self._ids, room)

    def _append(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows whose ids are not there yet, sorted by id. Those of lower ids than the last go to their place."""
        size, more = self._size, len(rows)
        by_column, span = list(zip(*rows, strict=True)), slice(size, size + more)
        self._ids[span] = by_column[0]
        self._live[span] = True
        for name, numbers in self._numbers.of(by_column, self._columns).items():
            self._columns[name][span] = numbers
        self._size += more
        if size and self._ids[size] < self._ids[size - 1]:
            self._sort_from(int(np.searchsorted(self._ids[:size], self._ids[size])))

    def _sort_from(self, first: int) -> None:
        tail = slice(first, self._size)
        order = np.argsort(self._ids[tail], kind="stable")
        self._ids[tail] = self._ids[tail][order]
        self._live[tail] = self._live[tail][order]
        for column in self._columns.values():
            column[tail] = column[tail][order]

    def _compact(self) -> None:
        kept = np.flatnonzero(self._live[: self._size])
        self._ids, self._live = self._ids[kept], self._live[kept]
        self._columns = {name: column[kept] for name, column in self._columns.items()}
        self._size, self._dead = len(kept), 0
        self._numbers.forget(self._columns)

    def _places(self, ids: NDArray[np.int64]) -> Positions:
        """Where rows of these ids are; ids that are not here are left out."""
        known = self._ids[: self._size]
        at = np.searchsorted(known, ids)
        at = at[at < self._size] if not self._size else np.minimum(at, self._size - 1)
        return at[known[at] == ids] if self._size else at[:0]

    # --- asking ----------------------------------------------------------------------------------------------------
    async def saying(self, keyword: str) -> tuple[Test, NDArray[np.int64]] | None:
        """A test for the texts that have a keyword (in lower case), and the ids of rows whose texts it does not know;
        None where it knows nothing of such keywords."""
        sentences = self._numbers.sentences
        ways = None if sentences is None else await sentences.ways(keyword)
        if sentences is None or ways is None:
            return None
        unknown = self.values(self._key, [Test(SHAPE, (UNKNOWN,))]) if sentences.unknown else np.zeros(0, np.int64)
        return Test(SHAPE, ways=ways), unknown

    def matching(
        self,
        tests: Sequence[Test],
        among: Sequence[NDArray[np.int64]] = (),
        either: tuple[Sequence[Test], NDArray[np.int64]] | None = None,
    ) -> Matched:
        """Rows that fit all `tests`, whose ids are in every one of `among`, and that fit one of the tests in `either`
        or have one of its ids. The columns must be `fresh`."""
        if either is not None and not any(self._could_fit(test) for test in either[0]):
            among, either = [*among, either[1]], None
        few = [ids for ids in among if len(ids) <= FEW_IDS]
        masks = [self._mask_of(ids) for ids in among if len(ids) > FEW_IDS]
        if few:
            ids = np.unique(min(few, key=len))
            for other in few:
                ids = ids[np.isin(ids, other)] if len(few) > 1 else ids
            places = self._places(ids)
            fits = self._live[places]
            for test in tests:
                fits &= self._mask(test, places)
            for found in masks:
                fits &= found[places]
            if either is not None:
                fits &= self._either(either, places)
            return Matched(self._ids[places[fits]], None)
        mask = self._live[: self._size].copy()
        for test in tests:
            mask &= self._mask(test, None)
        for found in masks:
            mask &= found
        if either is not None and np.count_nonzero(mask) <= self._size // 8:
            places = np.flatnonzero(mask)
            mask[places] = self._either(either, places)
        elif either is not None:
            mask &= self._either(either, None)
        return Matched(self._ids[: self._size], mask)

    def values(self, column: str, tests: Sequence[Test]) -> NDArray[np.int64]:
        """The numbers in a column (or the ids) of the rows that fit, in order of their ids. As `matching`."""
        mask = self._live[: self._size].copy()
        for test in tests:
            mask &= self._mask(test, None)
        found: NDArray[np.int64] = (self._ids if column == self._key else self._columns[column])[: self._size][mask]
        return found

    def at(self, column: str, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers in a column of the rows of these ids, 0 where there is no such row. As `matching`."""
        found = np.zeros(len(ids), np.int64)
        if self._size:
            known = self._ids[: self._size]
            places = np.minimum(np.searchsorted(known, ids), self._size - 1)
            there = (known[places] == ids) & self._live[places]
            found[there] = self._columns[column][places[there]]
        return found

    def tally(
        self, of: str, values: Sequence[int], by: str, tests: Sequence[Test] = ()
    ) -> dict[tuple[int, str | None], int]:
        """How many rows that fit `tests` have each of the `values` in column `of`, by their text in column `by`. As
        `matching`."""
        numbers, texts = sorted(set(values)), list(self._numbers.texts[by])
        owners, kinds = self._columns[of][: self._size], self._columns[by][: self._size]
        mask = self._live[: self._size].copy()
        for test in tests:
            mask &= self._mask(test, None)
        if np.count_nonzero(mask) > self._size // 8:
            mask &= in_set(owners, numbers)
        places = np.flatnonzero(mask)
        nth = nth_of(owners[places], numbers)
        both = (nth * len(texts) + kinds[places])[nth >= 0]
        counts = np.bincount(both, minlength=len(numbers) * len(texts))
        return {
            (numbers[place // len(texts)], texts[place % len(texts)]): int(counts[place])
            for place in np.flatnonzero(counts).tolist()
        }

    def _either(self, either: tuple[Sequence[Test], NDArray[np.int64]], places: Positions | None) -> Mask:
        tests, ids = either
        mask = np.zeros(self._size if places is None else len(places), np.bool_)
        for test in tests:
            if self._could_fit(test):
                mask |= self._mask(test, places)
        return mask | self._mask_of(ids, places) if len(ids) else mask

    def _mask_of(self, wanted: NDArray[np.int64], places: Positions | None = None) -> Mask:
        """Which rows have one of these ids, of which there may be as many as rows."""
        ids = self._ids[: self._size]
        if places is not None:
            ids = ids[places]
        if not len(ids) or ids[-1] > DENSE * (self._size + FEW_IDS):
            return np.isin(ids, wanted)
        return in_set(ids, wanted)

    def _could_fit(self, test: Test) -> bool:
        if test.ways is not None:
            return len(test.ways) > 0
        return test.column not in self._numbers.texts or len(self._numbers.wanted(test)) > 0

    def _mask(self, test: Test, places: Positions | None) -> Mask:
        if test.ways is not None:
            parts = [self._columns[name][: self._size] for name in SAID]
            return fitting(test.ways, *(parts if places is None else [part[places] for part in parts]))
        column = self._columns[test.column][: self._size]
        if places is not None:
            column = column[places]
        if test.at_least is not None or test.at_most is not None:
            mask: Mask = column >= (test.at_least if test.at_least is not None else 0)
            return mask & (column <= test.at_most) if test.at_most is not None else mask
        wanted = self._numbers.wanted(test)
        if len(wanted) == 1:
            fits: Mask = column == wanted[0]
        elif len(wanted) <= 4:
            fits = np.zeros(len(column), np.bool_)
            for value in wanted:
                fits |= column == value
        else:
            fits = in_set(column, wanted)
        return ~fits & self._told(test.column, column) if test.negated else fits

    def _told(self, name: str, column: NDArray[Any]) -> Mask:
        """Where a column is not NULL: of that SQL says neither yes nor no."""
        told: Mask = column != self._numbers.nothing(name)
        return told
