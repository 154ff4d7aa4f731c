"""findStoragePoolsForMigration: where a volume could move to."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.index import HostIndex
from lakh.resources.listing import page_of
from lakh.resources.storage_pool.connect import reaches
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.storage_pool.view import StoragePoolView, pool_views
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.resources.volume.row import BY_ID, VolumeRow


class FindStoragePoolsForMigration(ListCommand, roles=ADMIN, answer=StoragePoolView):
    """Lists storage pools available for migration of a volume."""

    id: Id = param("the volume", required=True, entity="volume")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        volume = (await cloud.store.rows(BY_ID, self.id))[0]
        if volume.removed_ms is not None or volume.pool_id is None:
            raise ParameterError(f"Volume {volume.uuid} is on no storage pool: it has nothing to migrate")
        cluster_id = await _cluster_of(cloud, volume)
        found = [
            pool
            for pool in await cloud.snapshots.of(StoragePoolRow)
            if pool.id != volume.pool_id
            and pool.status == "Up"
            and pool.scope != "HOST"
            and (pool.zone_id == volume.zone_id if cluster_id is None else reaches(pool, volume.zone_id, cluster_id))
            and (not self.keyword or self.keyword.lower() in pool.name.lower())
        ]
        count, page = page_of(found, self.window())
        room = {row.pool_id: row.limit_bytes - row.allocated_bytes for row in await cloud.store.rows(CAPACITIES)}
        offering = (await cloud.snapshots.of(DiskOfferingRow)).by_id.get(volume.disk_offering_id or 0)
        wanted = {tag.strip() for tag in ((offering.tags if offering else None) or "").split(",") if tag.strip()}
        views = await pool_views(cloud, page)
        for pool, view in zip(page, views, strict=True):
            fits = room.get(pool.id, 0) >= volume.size_bytes
            view.suitableformigration = fits and wanted <= set(pool.tags.split(","))
        return Listed(count, list(views))


async def _cluster_of(cloud: Cloud, volume: VolumeRow) -> int | None:
    """The cluster in which the volume's instance runs; None when it is bound to none."""
    if volume.vm_id is None:
        return None
    vm = (await cloud.store.rows(VM_BY_ID, volume.vm_id))[0]
    fact = cloud.part(HostIndex).facts.get(vm.host_id or 0)
    return fact.cluster_id if fact else None
