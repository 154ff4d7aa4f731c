"""All copies of templates on image stores, and who may use which, in memory: lists and checks ask on every request."""

from __future__ import annotations

import asyncio

from lakh.jobs.cloud import Cloud
from lakh.resources.template.row import ALL_STORES, PERMISSIONS, TemplateStoreRow

_TABLES = frozenset({"template_store", "template_permission"})


class Copies:
    """One state of both tables. `of` maps template ids to their copies, `permitted` to accounts."""

    __slots__ = ("of", "permitted")

    def __init__(self) -> None:
        self.of: dict[int, list[TemplateStoreRow]] = {}
        self.permitted: dict[int, set[int]] = {}

    def in_zone(self, template_id: int, zone_id: int) -> list[TemplateStoreRow]:
        """A template's copies on stores of a zone, ready ones first."""
        found = [copy for copy in self.of.get(template_id, ()) if copy.zone_id == zone_id]
        return sorted(found, key=lambda copy: (not copy.is_ready, copy.store_id))


class TemplateCopies:
    """A part of the cloud: `await cloud.part(TemplateCopies).current()`."""

    def __init__(self, cloud: Cloud) -> None:
        self._store = cloud.store
        self._version = 0
        self._loaded: tuple[int, Copies] | None = None
        self._loading: asyncio.Task[Copies] | None = None
        cloud.store.on_commit(self._changed)

    def _changed(self, tables: frozenset[str]) -> None:
        if not tables.isdisjoint(_TABLES):
            self._version += 1

    async def current(self) -> Copies:
        """The tables as they are now."""
        while True:
            if self._loaded is not None and self._loaded[0] == self._version:
                return self._loaded[1]
            if self._loading is None:
                self._loading = asyncio.create_task(self._load())
            await asyncio.shield(self._loading)

    async def _load(self) -> Copies:
        version, found = self._version, Copies()
        try:
            for copy in await self._store.rows(ALL_STORES):
                found.of.setdefault(copy.template_id, []).append(copy)
            for permission in await self._store.rows(PERMISSIONS):
                found.permitted.setdefault(permission.template_id, set()).add(permission.account_id)
            self._loaded = (version, found)
            return found
        finally:
            self._loading = None
