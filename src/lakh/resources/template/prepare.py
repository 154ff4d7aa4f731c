"""prepareTemplate: copies to primary storage ahead of the first deployment, in the background."""

from __future__ import annotations

import asyncio

from lakh.base.errors import LakhError, ParameterError
from lakh.base.log import logger
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.access import live_template
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.install import InstalledTemplates
from lakh.resources.template.row import TemplateRow
from lakh.resources.template.view import TemplateView, entries, template_views

log = logger(__name__)


class PrepareTemplate(SyncCommand, roles=ADMIN, envelope="list", answer=TemplateView):
    """Starts copying a template to the zone's primary storage pools, or to one of them."""

    templateid: Id = param("the template", required=True, entity="template")
    zoneid: Id = param("the zone", required=True, entity="zone")
    storageid: Id | None = param("one pool only", entity="storage_pool")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        template = await live_template(call, self.templateid)
        copies = await cloud.part(TemplateCopies).current()
        if not any(copy.is_ready for copy in copies.in_zone(template.id, self.zoneid)):
            raise ParameterError(f"Template {template.uuid} is not ready in the zone of zoneid")
        pools = [
            pool
            for pool in await cloud.snapshots.of(StoragePoolRow)
            if pool.zone_id == self.zoneid and pool.status == "Up" and self.storageid in (None, pool.id)
        ]
        if not pools:
            raise ParameterError("No storage pool of the zone fits storageid, or none is Up")
        for pool in pools:
            cloud.part(_Preparations).start(template, pool)
        found = await entries(cloud, template, self.zoneid)
        return Listed(len(found), list(await template_views(cloud, found, call.caller)))


class _Preparations:
    """A part of the cloud: copies under way. Losing one with the server costs only its head start."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, template: TemplateRow, pool: StoragePoolRow) -> None:
        task = asyncio.create_task(self._prepare(template, pool))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prepare(self, template: TemplateRow, pool: StoragePoolRow) -> None:
        try:
            host_id = endpoint(self._cloud, pool)
            await self._cloud.part(InstalledTemplates).on_pool(template, pool, host_id)
        except LakhError as error:
            log.warning("template not prepared", template=template.name, pool=pool.name, reason=str(error))
