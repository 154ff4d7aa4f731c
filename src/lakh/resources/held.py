"""Columns of tables in memory (`store/columns.py`): which there are, and looks into them.

    NICS = Holding(NicRow, ("vm_id", "network_id"))

A list answers from a holding of its own table; and where a filter looks into another table, such as
`id IN (SELECT vm_id FROM nic WHERE network_id = $ AND removed_ms IS NULL)`, that look is made in the holding of that
table, if it holds every column that the look names: a pass over numbers, however many rows it finds, where the engine
would join a million rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lakh.jobs.cloud import Cloud
from lakh.resources.list_conditions import Meaning, conjuncts, meaning, test_of
from lakh.store.columns import Columns
from lakh.store.matching import Test
from lakh.store.table import Row

LIVE: Final = "removed_ms IS NULL"
_COLUMN_OF_TABLE = re.compile(r"\w+ (\w+) FROM (\w+) WHERE (.*)", re.DOTALL)


class Holding:
    """The columns `names` of the rows that fit `always`, kept in memory; `key` is the column of their ids, `says` those
    of a text that keywords are looked for in and of the uuid of what it is about."""

    def __init__(
        self,
        row: type[Row],
        names: Sequence[str],
        *,
        always: str = LIVE,
        name: str = "",
        key: str = "id",
        says: tuple[str, ...] = (),
    ) -> None:
        self.row = row
        self.names = tuple(names)
        self.always = always
        self.name = name or row.TABLE.name
        self.key = key
        self.says = says
        HOLDINGS.append(self)

    def __contains__(self, column: str) -> bool:
        return column == self.key or column in self.names


HOLDINGS: list[Holding] = []
"""All of them."""


class Held:
    """A part of the cloud: the columns of each holding."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._of: dict[Holding, Columns] = {}

    def of(self, holding: Holding) -> Columns:
        found = self._of.get(holding)
        if found is None:
            found = self._of[holding] = Columns(
                self._cloud.store,
                holding.row,
                holding.names,
                holding.always,
                holding.name,
                key=holding.key,
                says=holding.says,
            )
        return found

    async def fresh(self, holding: Holding) -> Columns | None:
        """The columns as of now; None while they load."""
        columns = self.of(holding)
        return columns if await columns.fresh() else None

    async def load(self) -> None:
        """Loads all of them, one after the other: what a server does once it serves."""
        for holding in HOLDINGS:
            await self.of(holding).loaded()


class Inside(NamedTuple):
    """A look that memory can make: the values of `column` of the rows of `holding` that fit."""

    column: str
    holding: Holding
    tests: tuple[Meaning, ...]
    looks: tuple[tuple[str, Inside], ...]


def inside(select: str) -> Inside | None:
    """What a look comes to in memory; None where some of what it names is not held."""
    found = _COLUMN_OF_TABLE.fullmatch(select)
    if found is None:
        return None
    column, table, wheres = found[1], found[2], conjuncts(found[3])
    for holding in HOLDINGS:
        own = conjuncts(holding.always)
        if holding.row.TABLE.name == table and column in holding and set(own) <= set(wheres):
            parts = _understood(holding, [where for where in wheres if where not in own])
            if parts is not None:
                return Inside(column, holding, *parts)
    return None


def _understood(
    holding: Holding, wheres: Sequence[str]
) -> tuple[tuple[Meaning, ...], tuple[tuple[str, Inside], ...]] | None:
    tests: list[Meaning] = []
    looks: list[tuple[str, Inside]] = []
    for where in wheres:
        for made in meaning(where) or (None,):
            if made is None or made.column not in holding.names:
                return None
            if isinstance(made, Meaning):
                tests.append(made)
            elif (nested := inside(made.select)) is not None:
                looks.append((made.column, nested))
            else:
                return None
    return tuple(tests), tuple(looks)


async def look_inside(held: Held, look: Inside, value: Any) -> NDArray[np.int64] | None:
    """The values found, some more than once; None while the columns load. `value` is the filter's."""
    tests: list[Test] = []
    for column, nested in look.looks:
        found = await look_inside(held, nested, value)
        if found is None:
            return None
        tests.append(Test(column, found))
    columns = await held.fresh(look.holding)
    if columns is None:
        return None
    return columns.values(look.column, tests + [test_of(made, value) for made in look.tests])
