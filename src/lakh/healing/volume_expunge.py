"""Expunges volumes that were destroyed: those whose delay is over, and those whose deletion a host cut short."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, admit_job
from lakh.resources.configuration.values import Settings
from lakh.resources.system import SYSTEM_CALLER
from lakh.resources.volume.expunge import ExpungeVolume
from lakh.resources.volume.row import TO_DELETE

log = logger(__name__)


class VolumeExpunge(Reconciler):
    """By settings storage.cleanup.enabled, .interval and .delay."""

    name: ClassVar[str] = "volume expunge"

    def interval_seconds(self, cloud: Cloud) -> float:
        return cloud.part(Settings).integer("storage.cleanup.interval") or 86400

    async def run(self, cloud: Cloud) -> None:
        settings = cloud.part(Settings)
        if not settings.flag("storage.cleanup.enabled"):
            return
        before_ms = cloud.now_ms() - settings.integer("storage.cleanup.delay") * 1000
        for volume in await cloud.store.rows(TO_DELETE):
            if volume.updated_ms <= before_ms and not await cloud.worker.is_busy(volume.uuid):
                await admit_job(ExpungeVolume(id=volume.id), Call(cloud, SYSTEM_CALLER))
