"""Downloads of templates: starts those that wait for a secondary storage VM, and asks about those under way."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from lakh.base import limits
from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.download import advance
from lakh.resources.template.placing import copies_for
from lakh.resources.template.row import ADD_STORE, UNFINISHED, TemplateRow, TemplateStoreRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, values

log = logger(__name__)

POLL_SECONDS = 10.0  # between two questions about one download (addendum 3.6)


class Downloads(Reconciler):
    """`_asked` is when this server last asked about a copy: one that it never asked about, another run began."""

    name: ClassVar[str] = "downloads"
    tables: ClassVar[frozenset[str]] = frozenset({"template_store", "host", "image_store", "template"})

    def __init__(self) -> None:
        self._asked: dict[tuple[int, int], float] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        return POLL_SECONDS

    async def run(self, cloud: Cloud) -> None:
        await cloud.part(HostIndex).load()
        await self._spread(cloud)
        templates = await cloud.snapshots.of(TemplateRow)
        unfinished = await cloud.store.rows(UNFINISHED)
        places = asyncio.Semaphore(limits.DOWNLOADS_AT_ONCE)
        await asyncio.gather(
            *(self._advance(cloud, templates.by_id[copy.template_id], copy, places) for copy in unfinished)
        )
        waiting = {(copy.template_id, copy.store_id) for copy in unfinished}
        self._asked = {key: when for key, when in self._asked.items() if key in waiting}

    async def _spread(self, cloud: Cloud) -> None:
        """Templates of all zones come to those that have got an image store since."""
        copies = await cloud.part(TemplateCopies).current()
        zones = await cloud.snapshots.of(ZoneRow)
        txn = TxnSpec("template.spread")
        for template in await cloud.snapshots.of(TemplateRow):
            if not template.cross_zones or template.url is None:
                continue
            held = {copy.zone_id for copy in copies.of.get(template.id, ())}
            lacking = [zone for zone in zones if zone.id not in held]
            for copy in await copies_for(cloud, template, lacking):
                txn.add(ADD_STORE, *values(copy), expect=None)
        if txn.steps:
            await cloud.store.submit(txn)

    async def _advance(
        self, cloud: Cloud, template: TemplateRow, copy: TemplateStoreRow, places: asyncio.Semaphore
    ) -> None:
        if template.url is None or template.removed_ms is not None:
            return
        key, now = (copy.template_id, copy.store_id), cloud.clock.monotonic()
        asked = self._asked.get(key)
        if copy.download_state != "NOT_DOWNLOADED" and asked is not None and now - asked < POLL_SECONDS:
            return
        async with places:
            self._asked[key] = now
            try:
                await advance(cloud, template, copy, resumed=asked is None)
            except Exception as error:
                log.error("download not advanced", template=template.name, exc_info=error)
