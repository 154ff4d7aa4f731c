"""Downloads of templates: starts those that wait for a secondary storage VM, and asks about those under way."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from lakh.base import limits
from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.template.download import advance
from lakh.resources.template.row import UNFINISHED, TemplateRow, TemplateStoreRow

log = logger(__name__)

POLL_SECONDS = 10.0  # between two questions about one download (addendum 3.6)


class Downloads(Reconciler):
    """`_asked` is when this server last asked about a copy: one that it never asked about, another run began."""

    name: ClassVar[str] = "downloads"
    tables: ClassVar[frozenset[str]] = frozenset({"template_store", "host"})

    def __init__(self) -> None:
        self._asked: dict[tuple[int, int], float] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        return POLL_SECONDS

    async def run(self, cloud: Cloud) -> None:
        await cloud.part(HostIndex).load()
        templates = await cloud.snapshots.of(TemplateRow)
        unfinished = await cloud.store.rows(UNFINISHED)
        places = asyncio.Semaphore(limits.DOWNLOADS_AT_ONCE)
        await asyncio.gather(
            *(self._advance(cloud, templates.by_id[copy.template_id], copy, places) for copy in unfinished)
        )
        waiting = {(copy.template_id, copy.store_id) for copy in unfinished}
        self._asked = {key: when for key, when in self._asked.items() if key in waiting}

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
