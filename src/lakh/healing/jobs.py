"""Finished jobs age out after `job.expire.minutes`, and clients have long asked for their results.

CloudStack also cancels jobs that are unfinished after `job.cancel.threshold.minutes`. Here every job reaches an end by
itself, so nothing is cancelled.
"""

from __future__ import annotations

from typing import ClassVar

from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import EXPIRE
from lakh.resources.configuration.values import Settings
from lakh.store.statement import TxnSpec

log = logger(__name__)


class ExpiredJobs(Reconciler):
    """Deletes them a thousand at a time, each in a transaction of its own."""

    name: ClassVar[str] = "expired jobs"

    def interval_seconds(self, cloud: Cloud) -> float:
        """A tenth of their age, between a minute and an hour."""
        return min(max(cloud.part(Settings).integer("job.expire.minutes") * 6.0, 60.0), 3600.0)

    async def run(self, cloud: Cloud) -> None:
        minutes = cloud.part(Settings).integer("job.expire.minutes")
        if minutes <= 0:
            return
        before_ms = cloud.now_ms() - minutes * 60_000
        deleted = 0
        while count := (await cloud.store.submit(TxnSpec("job.expire").add(EXPIRE, before_ms, expect=None)))[0]:
            deleted += count
        if deleted:
            log.info("old jobs deleted", count=deleted)
