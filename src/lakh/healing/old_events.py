"""Events older than `event.purge.delay` days are purged, archived ones too, every `event.purge.interval` seconds.

There is no index over their age, for every event would pay for it. They are read in the order of their ids, which is
that of their making but for this: each process deals ids from a block of its own. So behind an event that is young
there can still be old ones, but not behind more young events than all blocks in use can hold.
"""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.limits import EVENTS_PURGED, ID_BLOCK_MAX
from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import DELETE
from lakh.store.statement import TxnSpec, statement

log = logger(__name__)

AFTER: Final = statement(
    "event.after", f"SELECT id, created_ms FROM event WHERE id > $1 ORDER BY id LIMIT {EVENTS_PURGED}"
)
_DAY_MS: Final = 24 * 3600 * 1000


class OldEvents(Reconciler):
    """Deletes them a thousand at a time, each in a transaction of its own; a delay of 0 or less keeps all."""

    name: ClassVar[str] = "old events"

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("event.purge.interval"), 60.0)

    async def run(self, cloud: Cloud) -> None:
        days = cloud.part(Settings).integer("event.purge.delay")
        if days <= 0:
            return
        before_ms = cloud.now_ms() - days * _DAY_MS
        last, young, deleted = -1, 0, 0
        while young <= cloud.controls * ID_BLOCK_MAX and (page := await cloud.store.read(AFTER, last)):
            last = page[-1][0]
            old = [event_id for event_id, created_ms in page if created_ms < before_ms]
            young += len(page) - len(old)
            if old:
                await cloud.store.submit(TxnSpec("event.purge").add(DELETE, old, expect=None))
                deleted += len(old)
        if deleted:
            log.info("old events purged", count=deleted, days=days)
