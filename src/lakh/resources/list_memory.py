"""What a list answers from columns in memory: which rows fit what a request asks, where memory can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.held import Held, Holding, Inside, inside, look_inside
from lakh.resources.list_conditions import Look, Meaning, Part, conjuncts, meaning, numbered, test_of
from lakh.resources.scanning import Scanned
from lakh.resources.searching import Searched
from lakh.store.matching import Matched, Test
from lakh.store.statement import Statement, statement
from lakh.store.table import Row

_EITHER = re.compile(r"\((.*) OR id = ANY\(\$b\)\)")


@dataclass(slots=True)
class _Wanted:
    """What a request comes to in memory: tests on columns, ids of which all lists must have a row, and what of a
    keyword one test must hold for, or ids have."""

    tests: list[Test] = field(default_factory=list)
    among: list[NDArray[np.int64]] = field(default_factory=list)
    either: tuple[list[Test], NDArray[np.int64]] | None = None


class ListMemory:
    """One list's. `by_index`, `searches` and `scans` are as `Listing` says."""

    def __init__(
        self,
        name: str,
        row: type[Row],
        always: str,
        held: Holding,
        by_index: Sequence[str],
        searches: Mapping[str, Searched],
        scans: Scanned | None,
    ) -> None:
        self.held = held
        self._name, self._table, self._always = name, row.TABLE.name, always
        self._by_index = frozenset(by_index)
        self._searches = dict(searches)
        self._scans = scans
        self._looks: dict[str, Statement] = {}
        self._inside: dict[str, Inside | None] = {}
        more = set(conjuncts(always)) - set(conjuncts(held.always))
        self._own = [test_of(made, None) for made in _more(more)]

    def declare(self, filters: Mapping[str, str]) -> None:
        """Declares all statements that may be needed."""
        for label, searched in self._searches.items():
            searched.declare(f"{self._name}.{label}")
        for label, condition in filters.items():
            if label in self._by_index:
                self._finding(label, condition)
            for part in meaning(condition) or ():
                if isinstance(part, Look):
                    self._look(label, part)

    async def matched(self, cloud: Cloud, parts: Sequence[Part]) -> Matched | None:
        """The rows that fit, where memory can tell."""
        if await cloud.part(Held).fresh(self.held) is None:
            return None
        wanted = _Wanted(list(self._own))
        for part in parts:
            if not await self._want(cloud, part, wanted):
                return None
        columns = await cloud.part(Held).fresh(self.held)
        return None if columns is None else columns.matching(wanted.tests, wanted.among, wanted.either)

    async def _want(self, cloud: Cloud, part: Part, wanted: _Wanted) -> bool:
        """Adds what a part comes to; False where only the engine can tell."""
        if (searched := self._searches.get(part.label)) is not None:
            keyword = str(part.arguments[0])[1:-1]
            wanted.either = await searched.find(cloud, f"{self._name}.{part.label}", keyword)
            return True
        if part.label == "keyword" and self._scans is not None:  # the last of the parts: all others are wanted already
            return await self._want_said(cloud, str(part.arguments[0])[1:-1], self._scans, wanted)
        if part.label in self._by_index:
            return await self._find(cloud, self._finding(part.label, part.condition), part, "id", wanted)
        if len(part.arguments) == 2:
            return await self._want_either(cloud, part, wanted)
        for made in meaning(part.condition) or (None,):
            if made is None:
                return False
            value: Any = part.arguments[0] if part.arguments else None
            if isinstance(made, Look):
                if made.column not in self.held or not await self._want_found(cloud, made, part, wanted):
                    return False
            elif made.kind == "never":
                wanted.among.append(_ids([]))
            elif made.column == "id" and made.kind in ("equal", "any"):
                wanted.among.append(_ids(value if made.kind == "any" else [value]))
            elif made.column in self.held:
                wanted.tests.append(test_of(made, value))
            else:
                return False
        return True

    async def _want_either(self, cloud: Cloud, part: Part, wanted: _Wanted) -> bool:
        """Takes the rows that fit the first value's conditions, and those whose ids are the second."""
        found = _EITHER.fullmatch(part.condition)
        made = meaning(found[1].replace("$a", "$")) if found else None
        columns = await cloud.part(Held).fresh(self.held)
        if made is None or columns is None:
            return False
        first, ids = part.arguments
        tests = [test_of(one, first) for one in made if isinstance(one, Meaning) and one.column in self.held]
        if len(tests) < len(made):
            return False
        wanted.among.append(np.concatenate([columns.values("id", tests), _ids(ids)]))
        return True

    async def _want_said(self, cloud: Cloud, keyword: str, scans: Scanned, wanted: _Wanted) -> bool:
        """Takes what has the keyword: in memory, and by the engine what memory does not know."""
        columns = await cloud.part(Held).fresh(self.held)
        said = None if columns is None else await columns.saying(keyword)
        if said is not None and len(said[1]) <= limits.LIST_FOUND:
            tests, found = await scans.find(cloud, keyword, said[1].tolist())
            wanted.either = [said[0], *tests], found
        else:
            wanted.either = await scans.find(cloud, keyword, await self._few(cloud, wanted))
        return True

    async def _few(self, cloud: Cloud, wanted: _Wanted) -> list[int] | None:
        """The ids of the rows that fit so far; None where they are many, or not known."""
        columns = await cloud.part(Held).fresh(self.held)
        matched = None if columns is None else columns.matching(wanted.tests, wanted.among)
        if matched is None or matched.count > limits.LIST_FOUND:
            return None
        return matched.page(0, matched.count, newest_first=False)

    async def _want_found(self, cloud: Cloud, look: Look, part: Part, wanted: _Wanted) -> bool:
        """Takes what a look into another table finds: in memory, where that table's columns are held."""
        if look.select not in self._inside:
            self._inside[look.select] = inside(look.select)
        within = self._inside[look.select]
        found = None
        if within is not None:
            found = await look_inside(cloud.part(Held), within, part.arguments[0] if part.arguments else None)
        if found is None:
            return await self._find(cloud, self._look(part.label, look), part, look.column, wanted)
        if look.column == "id":
            wanted.among.append(found)
        else:
            wanted.tests.append(Test(look.column, found))
        return True

    async def _find(self, cloud: Cloud, look: Statement, part: Part, column: str, wanted: _Wanted) -> bool:
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
            text = f"{numbered(Part(label, look.select, ()), 1)} LIMIT {limits.LIST_FOUND + 1}"
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
                f"{self._name}.find[{label}]", f"SELECT id FROM {self._table} {tail}"
            )
        return known


def _more(conditions: set[str]) -> list[Meaning]:
    """What a list's rows must be like beyond those that its columns hold."""
    found = [made for condition in conditions for made in meaning(condition) or ()]
    assert len(found) == len(conditions)
    return [made for made in found if isinstance(made, Meaning)]


def _ids(found: Sequence[int]) -> NDArray[np.int64]:
    return np.array(found, np.int64)
