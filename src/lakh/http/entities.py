"""From the public uuids of a request to row ids.

Small tables are answered from their snapshot. Of large ones a pair once seen is kept, for a uuid never comes to mean
another row. Removed rows are found too (api-conventions, section 8), so a deleted object's id gives an empty list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from cachetools import LRUCache

from lakh.base import limits
from lakh.contract.binding import Lookup
from lakh.jobs.cloud import Cloud
from lakh.store.statement import Statement, statement
from lakh.store.table import TABLES, Table

IN_TURN: Final = 8
"""So few look-ups are made one after another: nearly all are answered from memory, and a task for each costs more."""


class Entities:
    """Resolves lookups; a part of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: LRUCache[tuple[str, str], int] = LRUCache(limits.ENTITY_IDS)

    async def resolve(self, lookups: Sequence[Lookup]) -> list[int | None]:
        """Row ids in the order of `lookups`, None where there is no such row."""
        if len(lookups) <= IN_TURN:
            return [await self.id_of(lookup.entity, lookup.text) for lookup in lookups]
        return list(await asyncio.gather(*(self.id_of(lookup.entity, lookup.text) for lookup in lookups)))

    async def id_of(self, entity: str, text: str) -> int | None:
        """The id of the row of table `entity` whose uuid is `text`, or whose id it is when `text` is a number."""
        table = TABLES.get(entity)
        if table is None:
            return None
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        if not table.big:
            loaded = await self._cloud.snapshots.of(table.row)
            row = loaded.by_id.get(number) if number is not None else loaded.by_uuid.get(text.lower())
            return None if row is None else row.id  # type: ignore[attr-defined]
        key = (entity, text)
        known = self._known.get(key)
        if known is None:
            known = await self._read(table, number, text)
            if known is not None:
                self._known[key] = known
        return known

    async def _read(self, table: Table, number: int | None, text: str) -> int | None:
        column, value = ("id", number) if number is not None else ("uuid", text.lower())
        found = await self._cloud.store.read(_by(table.name, column), value)
        return int(found[0][0]) if found else None


def _by(table: str, column: str) -> Statement:
    return statement(f"{table}.id_by_{column}", f"SELECT id FROM {table} WHERE {column} = $1")
