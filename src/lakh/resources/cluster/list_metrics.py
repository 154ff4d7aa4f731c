"""listClustersMetrics: the list with figures as people read them."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.contract.view import widened
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.place_metrics import sums_of
from lakh.resources.capacity.words import some_of
from lakh.resources.cluster.list_command import ClusterListCommand
from lakh.resources.cluster.view import ClusterView
from lakh.resources.command import Call, Listed
from lakh.resources.held import Held
from lakh.resources.host.held import HOSTS
from lakh.store.statement import statement

STATUSES = statement(
    "host.statuses_of_clusters",
    "SELECT cluster_id, status, COUNT(*) FROM host WHERE cluster_id = ANY($1) AND removed_ms IS NULL"
    " GROUP BY cluster_id, status",
)


class ClusterMetricsView(ClusterView, kw_only=True):
    """A cluster with its figures in words. `hosts` are those Up of all."""

    state: str | None = None
    hosts: str | None = None
    cputotal: str | None = None
    cpuallocated: str | None = None
    memorytotal: str | None = None
    memoryallocated: str | None = None
    cpuallocatedthreshold: bool | None = None
    cpuallocateddisablethreshold: bool | None = None
    memoryallocatedthreshold: bool | None = None
    memoryallocateddisablethreshold: bool | None = None

    OBJECT = "cluster"


class ListClustersMetrics(
    ClusterListCommand,
    roles=ADMIN,
    answer=ClusterMetricsView,
    since="4.9.3",
    java_class="org.apache.cloudstack.api.ListClustersMetricsCmd",
):
    """Lists clusters with metrics."""

    async def run(self, call: Call) -> Listed:
        count, rows, views = await self.listed(call)
        sums = await sums_of(call.cloud, "cluster")
        up, hosts = await _hosts(call.cloud, [row.id for row in rows])
        answers = [
            widened(
                view,
                ClusterMetricsView,
                state=row.managed_state if row.managed_state == "Unmanaged" else row.allocation_state,
                hosts=some_of(up.get(row.id, 0), hosts.get(row.id, 0)),
                **sums.metrics(row.id, ("Cluster", row.id), ("Zone", row.zone_id)),
            )
            for row, view in zip(rows, views, strict=True)
        ]
        return Listed(count, answers)


async def _hosts(cloud: Cloud, cluster_ids: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    """(hosts Up, all hosts) by cluster."""
    up: dict[int, int] = {}
    hosts: dict[int, int] = {}
    if not cluster_ids:
        return up, hosts
    columns = await cloud.part(Held).fresh(HOSTS)
    if columns is not None:
        tallied = columns.tally("cluster_id", cluster_ids, "status")
        found = [(cluster, status, count) for (cluster, status), count in tallied.items()]
    else:
        found = [(row[0], row[1], row[2]) for row in await cloud.store.read(STATUSES, cluster_ids)]
    for cluster_id, status, count in found:
        hosts[cluster_id] = hosts.get(cluster_id, 0) + count
        if status == "Up":
            up[cluster_id] = count
    return up, hosts
