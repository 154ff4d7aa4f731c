"""Primary storage pools as the API shows them."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.pod.row import PodRow
from lakh.resources.storage_pool.row import CAPACITIES_OF, StoragePoolRow
from lakh.resources.storage_pool.size import factor
from lakh.resources.zone.row import ZoneRow

Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]
SECRET = "userinfo"
"""The key of details under which an RBD user and key lie."""
STOPPED = "stoppedformaintenance"
"""The key of details that names the instances to start again after a maintenance."""
_HIDDEN = frozenset({SECRET, STOPPED, "istagarule", "storageaccessgroups"})


class StoragePoolView(View):
    """Sizes are bytes."""

    OBJECT: ClassVar[str] = "storagepool"

    id: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    podid: str | None = None
    podname: str | None = None
    name: str | None = None
    ipaddress: str | None = None
    path: str | None = None
    created: ApiDate | None = None
    type: str | None = None
    clusterid: str | None = None
    clustername: str | None = None
    disksizetotal: int | None = None
    disksizeallocated: int | None = None
    disksizeused: int | None = None
    capacitybytes: int | None = None
    capacityiops: int | None = None
    allocatediops: int | None = None
    usediops: int | None = None
    tags: str | None = None
    istagarule: bool | None = None
    nfsmountopts: str | None = None
    state: Enum | None = None
    scope: str | None = None
    overprovisionfactor: str | None = None
    suitableformigration: bool | None = None
    provider: str | None = None
    storagecapabilities: dict[str, str] | None = None
    storagecustomstats: dict[str, str] | None = None
    details: dict[str, str] | None = None
    hypervisor: str | None = None
    managed: bool | None = None
    storageaccessgroups: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def pool_views(cloud: Cloud, rows: list[StoragePoolRow]) -> list[StoragePoolView]:
    """The views of pools, in order."""
    zones = (await cloud.snapshots.of(ZoneRow)).by_id
    pods = (await cloud.snapshots.of(PodRow)).by_id
    clusters = (await cloud.snapshots.of(ClusterRow)).by_id
    ids = [row.id for row in rows]
    capacities = {row.pool_id: row for row in await cloud.store.rows(CAPACITIES_OF, ids)} if ids else {}
    jobs = cloud.worker.acting_on({row.uuid for row in rows})
    views = []
    for row in rows:
        pod, cluster, capacity = pods.get(row.pod_id or 0), clusters.get(row.cluster_id or 0), capacities.get(row.id)
        details = msgspec.json.decode(row.details_json, type=dict[str, str])
        view = StoragePoolView(
            id=row.uuid,
            zoneid=zones[row.zone_id].uuid,
            zonename=zones[row.zone_id].name,
            podid=pod.uuid if pod else None,
            podname=pod.name if pod else None,
            name=row.name,
            ipaddress=row.host_address,
            path=row.path,
            created=api_date(row.created_ms),
            type=row.type,
            clusterid=cluster.uuid if cluster else None,
            clustername=cluster.name if cluster else None,
            disksizetotal=row.capacity_bytes,
            disksizeallocated=capacity.allocated_bytes if capacity else 0,
            disksizeused=capacity.used_bytes if capacity else 0,
            capacityiops=row.capacity_iops,
            tags=row.tags or None,
            istagarule=details.get("istagarule") == "true",
            nfsmountopts=details.get("nfsmountopts"),
            state=row.status,
            scope=row.scope,
            overprovisionfactor=str(factor(cloud, row)),
            provider=row.provider,
            storagecapabilities={"VOLUME_SNAPSHOT_QUIESCEVM": "false"},
            details={k: v for k, v in details.items() if k not in _HIDDEN},
            hypervisor=row.hypervisor,
            managed=row.managed,
            storageaccessgroups=details.get("storageaccessgroups"),
            hasannotations=False,
        )
        if (job := jobs.get(row.uuid)) is not None:
            view.jobid, view.jobstatus = job.uuid, job.status
        views.append(view)
    return views


async def pool_view(cloud: Cloud, pool_id: int) -> StoragePoolView:
    """The view of one pool, as it is stored now."""
    return (await pool_views(cloud, [(await cloud.snapshots.of(StoragePoolRow)).by_id[pool_id]]))[0]
