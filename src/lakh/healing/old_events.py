"""Events older than `event.purge.delay` days are purged, archived ones too, every `event.purge.interval` seconds."""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.limits import EVENTS_PURGED
from lakh.base.log import logger
from lakh.healing.old_rows import purge
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import DELETE
from lakh.store.statement import statement

log = logger(__name__)

AFTER: Final = statement(
    "event.after", f"SELECT id, created_ms FROM event WHERE id > $1 ORDER BY id LIMIT {EVENTS_PURGED}"
)


class OldEvents(Reconciler):
    """Deletes them a thousand at a time; a delay of 0 or less keeps all."""

    name: ClassVar[str] = "old events"

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("event.purge.interval"), 60.0)

    async def run(self, cloud: Cloud) -> None:
        days = cloud.part(Settings).integer("event.purge.delay")
        if deleted := await purge(cloud, days, AFTER, DELETE):
            log.info("old events purged", count=deleted, days=days)
