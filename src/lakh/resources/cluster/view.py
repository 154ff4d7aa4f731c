"""Clusters as the API shows them."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.places import capacities_of
from lakh.resources.capacity.view import CapacityView
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow


class ClusterView(View):
    OBJECT: ClassVar[str] = "cluster"

    id: str | None = None
    name: str | None = None
    podid: str | None = None
    podname: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    hypervisortype: str | None = None
    clustertype: str | None = None
    allocationstate: str | None = None
    managedstate: str | None = None
    capacity: list[CapacityView] | None = None
    cpuovercommitratio: str | None = None
    memoryovercommitratio: str | None = None
    arch: str | None = None
    resourcedetails: dict[str, str] | None = None
    hasannotations: bool | None = None
    storageaccessgroups: str | None = None
    podstorageaccessgroups: str | None = None
    zonestorageaccessgroups: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def cluster_views(cloud: Cloud, rows: list[ClusterRow], *, capacities: bool = False) -> list[ClusterView]:
    """The views of clusters, in order."""
    zones = (await cloud.snapshots.of(ZoneRow)).by_id
    pods = (await cloud.snapshots.of(PodRow)).by_id
    of_cluster = await capacities_of(cloud, "cluster") if capacities else {}
    views = []
    for row in rows:
        details = msgspec.json.decode(row.details_json, type=dict[str, str])
        view = ClusterView(
            id=row.uuid,
            name=row.name,
            podid=pods[row.pod_id].uuid,
            podname=pods[row.pod_id].name,
            zoneid=zones[row.zone_id].uuid,
            zonename=zones[row.zone_id].name,
            hypervisortype=row.hypervisor,
            clustertype=row.cluster_type,
            allocationstate=row.allocation_state,
            managedstate=row.managed_state,
            capacity=of_cluster.get(row.id, []) if capacities else None,
            cpuovercommitratio=str(row.cpu_overcommit),
            memoryovercommitratio=str(row.memory_overcommit),
            arch=row.arch,
            resourcedetails=details or None,
            hasannotations=False,
            storageaccessgroups=details.get("storageaccessgroups"),
        )
        views.append(view)
    return views


async def cluster_view(cloud: Cloud, cluster_id: int) -> ClusterView:
    """The view of one cluster, as it is stored now."""
    return (await cluster_views(cloud, [(await cloud.snapshots.of(ClusterRow)).by_id[cluster_id]]))[0]
