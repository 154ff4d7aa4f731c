"""Deletes copies of templates on primary storage that nothing is cloned from any more."""

from __future__ import annotations

from typing import ClassVar

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.install import InstalledTemplates
from lakh.resources.template.row import UNUSED, TemplateRow

log = logger(__name__)


class TemplateScavenger(Reconciler):
    """By settings storage.template.cleanup.enabled and storage.cleanup.interval, .delay; system templates stay."""

    name: ClassVar[str] = "template scavenger"

    def interval_seconds(self, cloud: Cloud) -> float:
        return cloud.part(Settings).integer("storage.cleanup.interval") or 86400

    async def run(self, cloud: Cloud) -> None:
        settings = cloud.part(Settings)
        if not settings.flag("storage.cleanup.enabled") or not settings.flag("storage.template.cleanup.enabled"):
            return
        templates, pools = await cloud.snapshots.of(TemplateRow), await cloud.snapshots.of(StoragePoolRow)
        before_ms = cloud.now_ms() - settings.integer("storage.cleanup.delay") * 1000
        for copy in await cloud.store.rows(UNUSED, before_ms):
            template, pool = templates.by_id[copy.template_id], pools.by_id[copy.pool_id]
            if (template.type == "SYSTEM" and template.removed_ms is None) or pool.removed_ms is not None:
                continue
            try:
                host_id = endpoint(cloud, pool)
                done = await cloud.part(InstalledTemplates).remove_unused(template, pool, copy, host_id)
            except LakhError as error:
                log.warning("template not scavenged", template=template.name, pool=pool.name, reason=str(error))
                continue
            log.info("unused template scavenged", template=template.name, pool=pool.name, done=done)
