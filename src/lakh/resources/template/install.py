"""Templates on primary pools: copied once per template and pool, by whichever host needs it first.

A copy takes the pool's space like a volume; copies that nothing was cloned from are scavenged (`healing`).
"""

from __future__ import annotations

import asyncio

from lakh.base.errors import InsufficientCapacityError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.reach import HostRefusedError, ask
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.storage_pool.row import GIVE_BACK, TAKE, StoragePoolRow
from lakh.resources.template.row import (
    DELETE_UNUSED,
    INSERT_POOL,
    ON_POOL,
    STORES_OF,
    TemplatePoolRow,
    TemplateRow,
    TemplateStoreRow,
)
from lakh.resources.vm.transfer import TEMPLATE, image_store_to, pool_to, template_to
from lakh.store.statement import TxnSpec, values
from lakh.store.store import GuardFailedError
from lakh.wire.commands import volume
from lakh.wire.message import Message
from lakh.wire.objects.data import TransferObject

log = logger(__name__)


class InstalledTemplates:
    """A part of the cloud: knows and makes the copies. Callers that need the same copy share one."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[tuple[int, int], TemplatePoolRow] = {}
        self._installing: dict[tuple[int, int], asyncio.Task[TemplatePoolRow]] = {}
        cloud.store.follow_others("template_pool", lambda _steps: self._known.clear())

    async def on_pool(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        """The copy on the pool, made by way of `host_id` if there is none.

        Raises HostRefusedError, ResourceUnavailableError, InsufficientCapacityError, HostUnreachableError.
        """
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

    async def remove_unused(
        self, template: TemplateRow, pool: StoragePoolRow, copy: TemplatePoolRow, host_id: int
    ) -> bool:
        """Deletes a copy that no volume was cloned from, its row first; False when one is, or is being made now."""
        key = (template.id, pool.id)
        if key in self._installing:
            return False
        self.forget(*key)
        txn = TxnSpec("template.uninstall").add(DELETE_UNUSED, template.id, pool.id)
        try:
            await self._cloud.store.submit(txn.add(GIVE_BACK, pool.id, copy.size_bytes))
        except GuardFailedError:
            return False
        await self._delete(template, pool, copy, host_id)
        return True

    # --- one copy ----------------------------------------------------------------------------------------------------
    async def _install(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        cloud = self._cloud
        rows = await cloud.store.rows(ON_POOL, template.id, pool.id)
        if not rows:
            row = await self._copy(template, pool, host_id)
            txn = TxnSpec("template.install").add(INSERT_POOL, *values(row)).add(TAKE, pool.id, row.size_bytes)
            try:
                await cloud.store.submit(txn)
                rows = [row]
            except GuardFailedError:
                rows = await cloud.store.rows(ON_POOL, template.id, pool.id)  # another server's, of the same name
            if not rows:
                await self._delete(template, pool, row, host_id)
                raise InsufficientCapacityError(f"Storage pool {pool.name} has no room for template {template.name}")
        self._known[(template.id, pool.id)] = rows[0]
        return rows[0]

    async def _copy(self, template: TemplateRow, pool: StoragePoolRow, host_id: int) -> TemplatePoolRow:
        cloud = self._cloud
        copy = await self._source(template, pool)
        store = image_store_to((await cloud.snapshots.of(ImageStoreRow)).by_id[copy.store_id])
        source = template_to(template, store, copy.install_path, copy.size_bytes)
        target = template_to(template, pool_to(pool), None, copy.size_bytes)
        wait_seconds = cloud.part(Settings).integer("primary.storage.download.wait") or 10800
        command = volume.copy(
            TransferObject(TEMPLATE, source), TransferObject(TEMPLATE, target), wait_seconds=wait_seconds
        )
        answer = (await ask(cloud, host_id, command, timeout_seconds=wait_seconds))[0]
        made = (answer.body.get("newData") or {}).get(TEMPLATE)
        if not answer.result or not made or not made.get("path"):
            raise HostRefusedError(f"Unable to copy template {template.name} to pool {pool.name}: {answer.details}")
        size_bytes = int(made.get("size") or copy.size_bytes)
        return TemplatePoolRow(template.id, pool.id, made["path"], size_bytes, cloud.now_ms())

    async def _source(self, template: TemplateRow, pool: StoragePoolRow) -> TemplateStoreRow:
        """The copy on an image store of the pool's zone. Raises ResourceUnavailableError."""
        for copy in await self._cloud.store.rows(STORES_OF, template.id):
            if copy.is_ready and copy.zone_id == pool.zone_id:
                return copy
        raise ResourceUnavailableError(f"Template {template.name} is not ready in the zone of pool {pool.name}")

    async def _delete(self, template: TemplateRow, pool: StoragePoolRow, copy: TemplatePoolRow, host_id: int) -> None:
        """Deletes the file. One that stays is found again by the next copy to this pool."""
        target = template_to(template, pool_to(pool), copy.install_path, copy.size_bytes)
        command: Message = volume.delete(TransferObject(TEMPLATE, target))
        try:
            answer = (await ask(self._cloud, host_id, command, patience_seconds=5))[0]
            refused = "" if answer.result else answer.details
        except HostUnreachableError as error:
            refused = str(error)
        if refused:
            log.warning("template's copy stays on its pool", template=template.name, pool=pool.name, reason=refused)
