"""listStoragePoolsMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.contract.view import widened
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.words import gigabytes
from lakh.resources.command import Call, Listed
from lakh.resources.configuration.values import Settings
from lakh.resources.storage_pool.list_command import StoragePoolListCommand
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.storage_pool.size import factor
from lakh.resources.storage_pool.view import StoragePoolView


class StoragePoolMetricsView(StoragePoolView, kw_only=True):
    """A pool with its figures in words; unallocated is what may still be promised of it."""

    disksizetotalgb: str | None = None
    disksizeusedgb: str | None = None
    disksizeallocatedgb: str | None = None
    disksizeunallocatedgb: str | None = None
    storageusagethreshold: bool | None = None
    storageusagedisablethreshold: bool | None = None
    storageallocatedthreshold: bool | None = None
    storageallocateddisablethreshold: bool | None = None

    OBJECT = "storagepool"


class ListStoragePoolsMetrics(
    StoragePoolListCommand,
    roles=ADMIN,
    answer=StoragePoolMetricsView,
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListStoragePoolsMetricsCmd",
):
    """Lists storage pools with metrics."""

    async def run(self, call: Call) -> Listed:
        count, rows, views = await self.listed(call)
        return Listed(count, [_with_metrics(call.cloud, row, view) for row, view in zip(rows, views, strict=True)])


def _with_metrics(cloud: Cloud, row: StoragePoolRow, view: StoragePoolView) -> StoragePoolMetricsView:
    total, used, allocated = view.disksizetotal or 0, view.disksizeused or 0, view.disksizeallocated or 0
    promised = total * factor(cloud, row)
    settings = cloud.part(Settings)
    cluster = [("Cluster", row.cluster_id)] if row.cluster_id is not None else []
    pool = (("StoragePool", row.id), ("Zone", row.zone_id))

    def told(kind: str) -> float:
        return settings.number(f"cluster.storage{kind}.capacity.notificationthreshold", *cluster, pool[1])

    def disabled(kind: str) -> float:
        return settings.number(f"pool.storage{kind}.capacity.disablethreshold", *pool)

    return widened(
        view,
        StoragePoolMetricsView,
        disksizetotalgb=f"{gigabytes(total)} (x{factor(cloud, row)})",
        disksizeusedgb=gigabytes(used),
        disksizeallocatedgb=gigabytes(allocated),
        disksizeunallocatedgb=gigabytes(promised - allocated),
        storageusagethreshold=used > total * told(""),
        storageusagedisablethreshold=used > total * disabled(""),
        storageallocatedthreshold=allocated > promised * told(".allocated"),
        storageallocateddisablethreshold=allocated > promised * disabled(".allocated"),
    )
