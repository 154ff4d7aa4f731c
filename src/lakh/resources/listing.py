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

A list of a table of millions `holds` columns in memory (`held.py`), its own or shared ones. As long as all that is
asked can be told from these, by key, by what few rows an index finds (`by_index`), or by a look into another table,
count and ids come from memory; else from the engine as above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import EVERYBODY, Scope
from lakh.resources.held import LIVE, Holding
from lakh.resources.list_conditions import Both, Part, numbered
from lakh.resources.list_memory import ListMemory
from lakh.resources.scanning import Scanned
from lakh.resources.searching import Searched
from lakh.store.statement import Query, Statement, select, statement
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


class _Shape(Generic[T]):
    """The statements of one combination of filters, made when first asked for."""

    __slots__ = ("count", "ids", "rows")

    def __init__(self, count: Statement, ids: Statement | None, rows: Query[T] | None) -> None:
        self.count = count
        self.ids = ids
        self.rows = rows


LISTINGS: list[Listing[Any]] = []
"""Every list of the product, for the test that looks at query plans."""


_INDEXED = (("scope:account",), ("scope:domain",))
_MANY = frozenset({"vm", "volume", "network", "event", "account", "users", "async_job"})  # millions, not thousands


class Listing(Generic[T]):
    """How one noun is listed.

    `filters`: parameter → condition. `keyword`: columns whose lower-cased text is searched, or whole conditions in
    which `$` is the lower-cased pattern (`id IN (SELECT vm_id FROM nic WHERE ip LIKE $)`). `order`: the API's default
    order, ending in a unique column. `always`: what holds for every listed row. `account` and `domain` are the columns
    of the owner; empty where nobody owns such rows. `holds`: columns in memory; then `order` is by id. `by_index`: the
    filters, on columns not held, that an index answers with few rows. `searches`: keyword filters (`keyword`, or a
    parameter whose value is a LIKE pattern) that an index of trigrams answers; `scans`: how `keyword` is looked for
    without one.
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
        holds: Sequence[str] | Holding = (),
        by_index: Sequence[str] = (),
        searches: Mapping[str, Searched] | None = None,
        scans: Scanned | None = None,
    ) -> None:
        self._row = row
        self._name = name or row.TABLE.name
        self._filters = dict(filters)
        self._keyword = tuple(keyword)
        self._order = order
        self._always = always
        self._account = account
        self._domain = domain
        self._shapes: dict[tuple[str, ...], _Shape[T]] = {}
        self._by_ids = select(f"{self._name}.listed", row, "WHERE id = ANY($1)")
        self._memory: ListMemory | None = None
        if holds:
            held = holds if isinstance(holds, Holding) else Holding(row, holds, always=always, name=self._name)
            self._memory = ListMemory(self._name, row, always, held, by_index, searches or {}, scans)
        LISTINGS.append(self)

    @property
    def name(self) -> str:
        return self._name

    def declare(self) -> None:
        """Declares the lists everybody asks for: of all, of one account, of one domain. Each must have its index; and
        so must what is looked for elsewhere, where columns are held."""
        self._shape([])
        if self._memory is not None:
            self._memory.declare(self._filters)
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
        matched = None if self._memory is None else await self._memory.matched(cloud, parts)
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
        matched = None if self._memory is None else await self._memory.matched(cloud, parts)
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

    # --- conditions --------------------------------------------------------------------------------------------------
    def _parts(self, scope: Scope, filters: Mapping[str, Any], keyword: str | None) -> list[Part] | None:
        """The conditions that count, in a fixed order; None where nothing can fit."""
        parts: list[Part] = []
        if scope.account_ids is not None:
            parts.append(_owner("accounts", self._account, scope.account_ids))
        elif scope.domain_ids is not None:
            parts.append(_owner("domains", self._domain, scope.domain_ids))
        for parameter, value in filters.items():
            if value is None:
                continue
            condition = self._filters[parameter]
            if isinstance(value, Both):
                parts.append(Part(parameter, condition, (value.a, value.b)))
                continue
            if isinstance(value, list | tuple) and not value:
                return None
            if "$" in condition:
                parts.append(Part(parameter, condition, (list(value) if isinstance(value, tuple) else value,)))
            elif value:
                parts.append(Part(parameter, condition, ()))
        if keyword and self._keyword:
            matches = " OR ".join([_match(column) for column in self._keyword])
            parts.append(Part("keyword", f"({matches})", (f"%{keyword.lower()}%",)))
        return parts

    def _shape(self, parts: list[Part]) -> _Shape[T]:
        key = tuple([part.label for part in parts])
        found = self._shapes.get(key)
        if found is None:
            found = self._make(key, parts)
            if len(self._shapes) < limits.LIST_SHAPES:
                self._shapes[key] = found
        return found

    def _make(self, key: tuple[str, ...], parts: list[Part]) -> _Shape[T]:
        conditions = [self._always] if self._always else []
        number = 0
        for part in parts:
            number += len(part.arguments)
            conditions.append(numbered(part, number))
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


def _match(column: str) -> str:
    return column if "$" in column else rf"LOWER({column}) LIKE $ ESCAPE '\'"


def _owner(kind: str, column: str, ids: tuple[int, ...]) -> Part:
    """One owner is an equality, so that an index in list order serves it; several are a set."""
    if len(ids) == 1:
        return Part(f"scope:{kind[:-1]}", f"{column} = $", (ids[0],))
    return Part(f"scope:{kind}", f"{column} = ANY($)", (list(ids),))


def page_of(rows: Sequence[T], window: tuple[int, int]) -> tuple[int, list[T]]:
    """The same for rows that are in memory already (snapshots): (count, page)."""
    offset, limit = window
    return len(rows), list(rows[offset : offset + limit])
