"""Alerts raised more than `alert.purge.delay` days ago are purged, archived ones too, every `alert.purge.interval`
seconds. One that still stands is raised anew when what it tells of is seen again."""

from __future__ import annotations

from typing import ClassVar, Final

from lakh.base.limits import EVENTS_PURGED
from lakh.base.log import logger
from lakh.healing.old_rows import purge
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.alert.row import DELETE
from lakh.resources.configuration.values import Settings
from lakh.store.statement import statement

log = logger(__name__)

AFTER: Final = statement(
    "alert.after", f"SELECT id, created_ms FROM alert WHERE id > $1 ORDER BY id LIMIT {EVENTS_PURGED}"
)


class OldAlerts(Reconciler):
    """Deletes them a thousand at a time; a delay of 0, which a fresh installation has, keeps all."""

    name: ClassVar[str] = "old alerts"

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("alert.purge.interval"), 60.0)

    async def run(self, cloud: Cloud) -> None:
        days = cloud.part(Settings).integer("alert.purge.delay")
        if deleted := await purge(cloud, days, AFTER, DELETE):
            log.info("old alerts purged", count=deleted, days=days)
