"""Templates on primary pools: copied once per template and pool, by whichever host needs it first."""

from __future__ import annotations

import asyncio

from lakh.base.errors import ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.reach import ask
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.row import (
    INSERT_POOL,
    ON_POOL,
    STORES_OF,
    TemplatePoolRow,
    TemplateRow,
)
from lakh.resources.vm.transfer import TEMPLATE, image_store_to, pool_to, template_to
from lakh.store.statement import TxnSpec, values
from lakh.wire.message import SUBSYSTEM, Message


class InstalledTemplates:
    """A part of the cloud: knows and makes the copies. Callers that need the same copy share one."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[tuple[int, int], TemplatePoolRow] = {}
        self._installing: dict[tuple[int, int], asyncio.Task[TemplatePoolRow]] = {}

    async def on_pool(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        """The copy on the pool, made by way of `host_id` if there is none. Raises ResourceUnavailableError."""
        key = (template.id, pool.id)
        known = self._known.get(key)
        if known is not None:
            return known
        task = self._installing.get(key)
        if task is None:
            task = asyncio.create_task(self._install(template, pool, host_id))
            self._installing[key] = task
            task.add_done_callback(lambda _: self._installing.pop(key, None))
        return await asyncio.shield(task)

    def forget(self, template_id: int, pool_id: int) -> None:
        """The copy is gone from the pool."""
        self._known.pop((template_id, pool_id), None)

    async def _install(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        cloud = self._cloud
        rows = await cloud.store.rows(ON_POOL, template.id, pool.id)
        if not rows:
            row = await self._copy(template, pool, host_id)
            await cloud.store.submit(TxnSpec("template.install").add(INSERT_POOL, *values(row), expect=None))
            rows = await cloud.store.rows(ON_POOL, template.id, pool.id)
        self._known[(template.id, pool.id)] = rows[0]
        return rows[0]

    async def _copy(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        cloud = self._cloud
        stores = await cloud.snapshots.of(ImageStoreRow)
        copies = [c for c in await cloud.store.rows(STORES_OF, template.id) if c.download_state == "DOWNLOADED"]
        copy = next((c for c in copies if c.zone_id == pool.zone_id), None)
        if copy is None:
            raise ResourceUnavailableError(f"Template {template.name} is not ready in the zone of pool {pool.name}")
        store = image_store_to(stores.by_id[copy.store_id])
        source = template_to(template, store, copy.install_path, copy.size_bytes)
        target = template_to(template, pool_to(pool), None, copy.size_bytes)
        command = Message(
            SUBSYSTEM + "CopyCommand",
            {
                "srcTO": {TEMPLATE: source},
                "destTO": {TEMPLATE: target},
                "executeInSequence": True,
                "options": {},
                "options2": {},
                "contextMap": {},
                "wait": 10800,
            },
        )
        answer = (await ask(cloud, host_id, command, timeout_seconds=10800))[0]
        made = (answer.body.get("newData") or {}).get(TEMPLATE)
        if not answer.result or not made or not made.get("path"):
            raise ResourceUnavailableError(
                f"Unable to copy template {template.name} to pool {pool.name}: {answer.details}"
            )
        return TemplatePoolRow(template.id, pool.id, made["path"], int(made.get("size") or 0), cloud.now_ms())
