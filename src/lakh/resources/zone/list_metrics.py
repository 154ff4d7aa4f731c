"""listZonesMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.contract.view import widened
from lakh.resources.capacity.place_metrics import sums_of
from lakh.resources.capacity.words import some_of
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, Listed
from lakh.resources.zone.list_command import ZoneListCommand
from lakh.resources.zone.view import ZoneView


class ZoneMetricsView(ZoneView, kw_only=True):
    """A zone with its figures in words. `clusters` are those Enabled and Managed of all."""

    state: str | None = None
    clusters: str | None = None
    cputotal: str | None = None
    cpuallocated: str | None = None
    memorytotal: str | None = None
    memoryallocated: str | None = None
    cpuallocatedthreshold: bool | None = None
    cpuallocateddisablethreshold: bool | None = None
    memoryallocatedthreshold: bool | None = None
    memoryallocateddisablethreshold: bool | None = None

    OBJECT = "zone"


class ListZonesMetrics(
    ZoneListCommand,
    roles=ADMIN,
    answer=ZoneMetricsView,
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListZonesMetricsCmd",
):
    """Lists zones with metrics."""

    async def run(self, call: Call) -> Listed:
        count, rows, views = await self.listed(call)
        sums = await sums_of(call.cloud, "zone")
        clusters: dict[int, int] = {}
        usable: dict[int, int] = {}
        for cluster in await call.cloud.snapshots.of(ClusterRow):
            clusters[cluster.zone_id] = clusters.get(cluster.zone_id, 0) + 1
            if cluster.allocation_state == "Enabled" and cluster.managed_state == "Managed":
                usable[cluster.zone_id] = usable.get(cluster.zone_id, 0) + 1
        answers = [
            widened(
                view,
                ZoneMetricsView,
                state=row.allocation_state,
                clusters=some_of(usable.get(row.id, 0), clusters.get(row.id, 0)),
                **sums.metrics(row.id, ("Zone", row.id)),
            )
            for row, view in zip(rows, views, strict=True)
        ]
        return Listed(count, answers)
