"""deleteStoragePool: a pool in maintenance that holds no volume any more."""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceInUseError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.live import live
from lakh.resources.storage_pool.connect import filer
from lakh.resources.storage_pool.hosts import hosts_in_reach, on_each
from lakh.resources.storage_pool.row import DELETE_CAPACITY, DELETE_HOSTS, StoragePoolRow
from lakh.resources.template.install import InstalledTemplates
from lakh.resources.template.row import OF_POOL
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError
from lakh.wire.commands import pool as pool_commands

DELETE = statement(
    "storage_pool.remove",
    "UPDATE storage_pool SET removed_ms = $2, status = 'Removed' WHERE id = $1 AND removed_ms IS NULL"
    " AND status IN ('Maintenance', 'Disabled')"
    " AND NOT EXISTS (SELECT 1 FROM volume WHERE pool_id = $1 AND removed_ms IS NULL)",
)
DELETE_TEMPLATES = statement("template_pool.delete_pool", "DELETE FROM template_pool WHERE pool_id = $1")
VOLUMES = statement("volume.count_on_pool", "SELECT COUNT(*) FROM volume WHERE pool_id = $1 AND removed_ms IS NULL")


class DeleteStoragePool(SyncCommand, roles=ADMIN):
    """Deletes a storage pool."""

    id: Id = param("the pool", required=True, entity="storage_pool")
    forced: bool = param("delete it also where a host can not let go of it", default=False)

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        pool = await live(cloud, StoragePoolRow, self.id, "id")
        if pool.status not in ("Maintenance", "Disabled"):
            raise ParameterError(
                f"Unable to delete storage pool {pool.name}: it is {pool.status}; enableStorageMaintenance comes first"
            )
        templates = await cloud.store.rows(OF_POOL, pool.id)
        txn = TxnSpec("deleteStoragePool").add(DELETE, pool.id, cloud.now_ms())
        txn.add(DELETE_CAPACITY, pool.id, expect=None).add(DELETE_HOSTS, pool.id, expect=None)
        txn.add(DELETE_TEMPLATES, pool.id, expect=None)
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as held:
            count = (await cloud.store.read(VOLUMES, pool.id))[0][0]
            raise ResourceInUseError(
                f"Cannot delete storage pool {pool.name} as there are {count} volumes on it; migrate or delete them"
            ) from held
        for template in templates:
            cloud.part(InstalledTemplates).forget(template.template_id, pool.id)

        async def let_go(host_id: int) -> None:
            await cloud.hosts.call(host_id, [pool_commands.delete(filer(pool))])

        await on_each(cloud, await hosts_in_reach(cloud, pool), let_go)
