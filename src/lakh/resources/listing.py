"""Lists: a noun's filters as one table, and SQL made once per combination that is really asked for.

    LISTING = Listing(
        UserRow,
        {"id": "id = $", "username": "username = $", "state": "state = $", "zoneid": "zone_id = $"},
        keyword=("username", "firstname", "lastname"),
    )

    scope = await owned_scope(call, self, by_id=self.id is not None)
    filters = {"id": self.id, "username": self.username}
    count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())

A filter that is None does not count. `$` in a condition stands for its value, wherever it appears; a list value goes
with `= ANY($)`; a condition without `$` holds when the value is True and is left out when it is False. Other tables are
asked by subquery (`id IN (SELECT vm_id FROM nic WHERE network_id = $ AND removed_ms IS NULL)`), never joined, so that
counts stay counts of rows. Every condition names its index in `row.py`.

Of a large table ids are read first, in order, from an index; then the page's rows in one statement. The count is exact
and costs a statement only where the page does not already tell it. Statements are called after what they filter by:
`users.list[scope:accounts,state]`, `users.count[…]`.

A list of a table of millions names the columns that it `holds` in memory (`store/columns.py`). As long as all that is
asked can be told from these, by key, by what few rows an index finds (`by_index`), or by a look into another table,
count and ids come from memory; else from the engine as above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import EVERYBODY, Scope
from lakh.resources.list_conditions import Look, meaning, test_of
from lakh.resources.searching import Searched
from lakh.store.columns import Columns, Matched, Test
from lakh.store.statement import Query, Statement, select, statement
from lakh.store.table import Row

T = TypeVar("T", bound=Row)

LIVE: Final = "removed_ms IS NULL"


class _Shape(Generic[T]):
    """The statements of one combination of filters, made when first asked for."""

    __slots__ = ("count", "ids", "rows")

    def __init__(self, count: Statement, ids: Statement | None, rows: Query[T] | None) -> None:
        self.count = count
        self.ids = ids
        self.rows = rows


class Both(NamedTuple):
    """Two values of one filter: they stand for `$a` and `$b` in its condition."""

    a: Any
    b: Any


class _Part(NamedTuple):
    label: str
    condition: str
    arguments: tuple[Any, ...]


LISTINGS: list[Listing[Any]] = []
"""Every list of the product, for the test that looks at query plans."""


@dataclass(slots=True)
class _Wanted:
    """What a request comes to in memory: tests on columns, ids of which all lists must have a row, and what of a
    keyword one test must hold for, or ids have."""

    tests: list[Test] = field(default_factory=list)
    among: list[NDArray[np.int64]] = field(default_factory=list)
    either: tuple[list[Test], NDArray[np.int64]] | None = None


class Held:
    """A part of the cloud: the columns of each list that holds some."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._of: dict[str, Columns] = {}

    def of(self, listing: Listing[Any]) -> Columns:
        found = self._of.get(listing.name)
        if found is None:
            found = self._of[listing.name] = listing.columns(self._cloud)
        return found

    async def fresh(self, name: str) -> Columns | None:
        """The columns of the list of that name, as of now; None while they load."""
        listing = next((known for known in LISTINGS if known.name == name and known.holds), None)
        if listing is None:
            return None
        columns = self.of(listing)
        return columns if await columns.fresh() else None

    async def load(self) -> None:
        """Loads all of them, one after the other: what a server does once it serves."""
        for listing in LISTINGS:
            if listing.holds:
                await self.of(listing).loaded()


_INDEXED = (("scope:account",), ("scope:domain",))
_MANY = frozenset({"vm", "volume", "network", "event", "account", "users", "async_job"})  # millions, not thousands


class Listing(Generic[T]):
    """How one noun is listed.

    `filters`: parameter → condition. `keyword`: columns whose lower-cased text is searched, or whole conditions in
    which `$` is the lower-cased pattern (`id IN (SELECT vm_id FROM nic WHERE ip LIKE $)`). `order`: the API's default
    order, ending in a unique column. `always`: what holds for every listed row. `account` and `domain` are the columns
    of the owner; empty where nobody owns such rows. `holds`: columns in memory; then `order` is by id. `by_index`: the
    filters, on columns not held, that an index answers with few rows. `searches`: keyword filters (`keyword`, or a
    parameter whose value is a LIKE pattern) that an index of trigrams answers.
    """

    def __init__(
        self,
        row: type[T],
        filters: Mapping[str, str],
        *,
        keyword: Sequence[str] = (),
        order: str = "id",
        always: str = LIVE,
        account: str = "account_id",
        domain: str = "domain_id",
        name: str = "",
        holds: Sequence[str] = (),
        by_index: Sequence[str] = (),
        searches: Mapping[str, Searched] | None = None,
    ) -> None:
        self._row = row
        self._name = name or row.TABLE.name
        self.holds = tuple(holds)
        self._by_index = frozenset(by_index)
        self._searches = dict(searches or {})
        self._looks: dict[str, Statement] = {}
        self._filters = dict(filters)
        self._keyword = tuple(keyword)
        self._order = order
        self._always = always
        self._account = account
        self._domain = domain
        self._shapes: dict[tuple[str, ...], _Shape[T]] = {}
        self._by_ids = select(f"{self._name}.listed", row, "WHERE id = ANY($1)")
        LISTINGS.append(self)

    @property
    def name(self) -> str:
        return self._name

    def columns(self, cloud: Cloud) -> Columns:
        """New columns of this list, not loaded yet."""
        return Columns(cloud.store, self._row, self.holds, self._always, self._name)

    def declare(self) -> None:
        """Declares the lists everybody asks for: of all, of one account, of one domain. Each must have its index; and
        so must what is looked for elsewhere, where columns are held."""
        self._shape([])
        for label, searched in self._searches.items():
            searched.declare(f"{self._name}.{label}")
        for label, condition in self._filters.items() if self.holds else ():
            if label in self._by_index:
                self._finding(label, condition)
            for part in meaning(condition) or ():
                if isinstance(part, Look):
                    self._look(label, part)
        known = self._row.TABLE.column_names
        for kind, column in (("accounts", self._account), ("domains", self._domain)):
            if column in known:
                self._shape([_owner(kind, column, (1,))])

    async def page(
        self,
        cloud: Cloud,
        scope: Scope = EVERYBODY,
        filters: Mapping[str, Any] | None = None,
        keyword: str | None = None,
        window: tuple[int, int] = (0, 500),
    ) -> tuple[int, list[T]]:
        """(exact count of all that fit, rows of the page in order). `window` is (offset, limit)."""
        parts = self._parts(scope, filters or {}, keyword)
        if parts is None:
            return 0, []
        offset, limit = window
        matched = await self._matched(cloud, parts)
        if matched is not None:
            ids = matched.page(offset, limit, newest_first=self._order.endswith("DESC"))
            return matched.count, await self._rows_of(cloud, ids)
        shape = self._shape(parts)
        arguments = [argument for part in parts for argument in part.arguments]
        rows = await self._rows(cloud, shape, arguments, offset, limit)
        if len(rows) < limit and (rows or offset == 0):
            return offset + len(rows), rows
        counted = await cloud.store.read(shape.count, *arguments)
        return int(counted[0][0]), rows

    async def count(
        self,
        cloud: Cloud,
        scope: Scope = EVERYBODY,
        filters: Mapping[str, Any] | None = None,
        keyword: str | None = None,
    ) -> int:
        """How many rows fit."""
        parts = self._parts(scope, filters or {}, keyword)
        if parts is None:
            return 0
        matched = await self._matched(cloud, parts)
        if matched is not None:
            return matched.count
        arguments = [argument for part in parts for argument in part.arguments]
        counted = await cloud.store.read(self._shape(parts).count, *arguments)
        return int(counted[0][0])

    async def _rows(self, cloud: Cloud, shape: _Shape[T], arguments: list[Any], offset: int, limit: int) -> list[T]:
        if shape.rows is not None:
            return await cloud.store.rows(shape.rows, *arguments, limit, offset)
        assert shape.ids is not None
        ids = [found[0] for found in await cloud.store.read(shape.ids, *arguments, limit, offset)]
        return await self._rows_of(cloud, ids)

    async def _rows_of(self, cloud: Cloud, ids: list[int]) -> list[T]:
        if not ids:
            return []
        by_id = {row.id: row for row in await cloud.store.rows(self._by_ids, ids)}  # type: ignore[attr-defined]
        return [by_id[i] for i in ids if i in by_id]

    # --- in memory ---------------------------------------------------------------------------------------------------
    async def _matched(self, cloud: Cloud, parts: list[_Part]) -> Matched | None:
        """The rows that fit, where memory can tell."""
        if not self.holds or not await cloud.part(Held).of(self).fresh():
            return None
        wanted = _Wanted()
        for part in parts:
            if not await self._want(cloud, part, wanted):
                return None
        columns = cloud.part(Held).of(self)
        return columns.matching(wanted.tests, wanted.among, wanted.either) if await columns.fresh() else None

    async def _want(self, cloud: Cloud, part: _Part, wanted: _Wanted) -> bool:
        """Adds what a part comes to; False where only the engine can tell."""
        if (searched := self._searches.get(part.label)) is not None:
            keyword = str(part.arguments[0])[1:-1]
            wanted.either = await searched.find(cloud, f"{self._name}.{part.label}", keyword)
            return True
        if part.label in self._by_index:
            return await self._find(cloud, self._finding(part.label, part.condition), part, "id", wanted)
        for made in meaning(part.condition) or (None,):
            if made is None:
                return False
            value: Any = part.arguments[0] if part.arguments else None
            if isinstance(made, Look):
                if made.column != "id" and made.column not in self.holds:
                    return False
                if not await self._find(cloud, self._look(part.label, made), part, made.column, wanted):
                    return False
            elif made.kind == "never":
                wanted.among.append(_ids([]))
            elif made.column == "id" and made.kind in ("equal", "any"):
                wanted.among.append(_ids(value if made.kind == "any" else [value]))
            elif made.column in self.holds:
                wanted.tests.append(test_of(made, value))
            else:
                return False
        return True

    async def _find(self, cloud: Cloud, look: Statement, part: _Part, column: str, wanted: _Wanted) -> bool:
        """Takes what a look finds for the values of `column`; False where that is too much to take."""
        found = [row[0] for row in await cloud.store.read(look, *part.arguments) if row[0] is not None]
        if len(found) > limits.LIST_FOUND:
            return False
        if column == "id":
            wanted.among.append(_ids(found))
        else:
            wanted.tests.append(Test(column, tuple(set(found))))
        return True

    def _look(self, label: str, look: Look) -> Statement:
        known = self._looks.get(label)
        if known is None:
            text = f"{_numbered(_Part(label, look.select, ()), 1)} LIMIT {limits.LIST_FOUND + 1}"
            known = self._looks[label] = statement(
                f"{self._name}.look[{label}]", text, full_scan="stops at LIST_FOUND rows"
            )
        return known

    def _finding(self, label: str, condition: str) -> Statement:
        known = self._looks.get(label)
        if known is None:
            always = f"{self._always} AND " if self._always else ""
            tail = f"WHERE {always}{condition.replace('$', '$1')} LIMIT {limits.LIST_FOUND + 1}"
            known = self._looks[label] = statement(
                f"{self._name}.find[{label}]", f"SELECT id FROM {self._row.TABLE.name} {tail}"
            )
        return known

    # --- conditions --------------------------------------------------------------------------------------------------
    def _parts(self, scope: Scope, filters: Mapping[str, Any], keyword: str | None) -> list[_Part] | None:
        """The conditions that count, in a fixed order; None where nothing can fit."""
        parts: list[_Part] = []
        if scope.account_ids is not None:
            parts.append(_owner("accounts", self._account, scope.account_ids))
        elif scope.domain_ids is not None:
            parts.append(_owner("domains", self._domain, scope.domain_ids))
        for parameter, value in filters.items():
            if value is None:
                continue
            condition = self._filters[parameter]
            if isinstance(value, Both):
                parts.append(_Part(parameter, condition, (value.a, value.b)))
                continue
            if isinstance(value, list | tuple) and not value:
                return None
            if "$" in condition:
                parts.append(_Part(parameter, condition, (list(value) if isinstance(value, tuple) else value,)))
            elif value:
                parts.append(_Part(parameter, condition, ()))
        if keyword and self._keyword:
            matches = " OR ".join([_match(column) for column in self._keyword])
            parts.append(_Part("keyword", f"({matches})", (f"%{keyword.lower()}%",)))
        return parts

    def _shape(self, parts: list[_Part]) -> _Shape[T]:
        key = tuple([part.label for part in parts])
        found = self._shapes.get(key)
        if found is None:
            found = self._make(key, parts)
            if len(self._shapes) < limits.LIST_SHAPES:
                self._shapes[key] = found
        return found

    def _make(self, key: tuple[str, ...], parts: list[_Part]) -> _Shape[T]:
        conditions = [self._always] if self._always else []
        number = 0
        for part in parts:
            number += len(part.arguments)
            conditions.append(_numbered(part, number))
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        table = self._row.TABLE
        kept = len(self._shapes) < limits.LIST_SHAPES
        label = f"[{','.join(key)}]" if kept else "[rare]"
        tail = f"{where} ORDER BY {self._order} LIMIT ${number + 1} OFFSET ${number + 2}"
        count = statement(
            f"{self._name}.count{label}",
            f"SELECT COUNT(*) FROM {table.name} {where}",
            full_scan="an exact count reads what it counts",
            kept=kept,
        )
        if table.big:
            rare = "" if key in _INDEXED and self._name in _MANY else "any combination of filters may be asked"
            if not key:
                rare = "walks the key in the list's own order until the page is full"
            ids = statement(
                f"{self._name}.list{label}", f"SELECT id FROM {table.name} {tail}", full_scan=rare, kept=kept
            )
            return _Shape(count, ids, None)
        return _Shape(count, None, select(f"{self._name}.list{label}", self._row, tail, kept=kept))


def _ids(found: Sequence[int]) -> NDArray[np.int64]:
    return np.array(found, np.int64)


def _match(column: str) -> str:
    return column if "$" in column else rf"LOWER({column}) LIKE $ ESCAPE '\'"


def _numbered(part: _Part, last: int) -> str:
    """The part's condition with the numbers of its arguments, of which `last` is the last."""
    if len(part.arguments) == 2:
        return part.condition.replace("$a", f"${last - 1}").replace("$b", f"${last}")
    return part.condition.replace("$", f"${last}")


def _owner(kind: str, column: str, ids: tuple[int, ...]) -> _Part:
    """One owner is an equality, so that an index in list order serves it; several are a set."""
    if len(ids) == 1:
        return _Part(f"scope:{kind[:-1]}", f"{column} = $", (ids[0],))
    return _Part(f"scope:{kind}", f"{column} = ANY($)", (list(ids),))


def page_of(rows: Sequence[T], window: tuple[int, int]) -> tuple[int, list[T]]:
    """The same for rows that are in memory already (snapshots): (count, page)."""
    offset, limit = window
    return len(rows), list(rows[offset : offset + limit])
