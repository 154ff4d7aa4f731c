"""Which pool a volume goes to."""

from __future__ import annotations

from lakh.base.errors import InsufficientCapacityError
from lakh.jobs.cloud import Cloud
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.storage_pool.connect import reaches
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.volume.row import VolumeRow


async def clusters_within_reach(cloud: Cloud, volumes: list[VolumeRow]) -> frozenset[int] | None:
    """The clusters whose hosts reach the volumes' pools; None when any host of the zone does.

    A volume without a pool yet needs a cluster with one of its own, unless the zone has a pool for all.
    """
    pools = await cloud.snapshots.of(StoragePoolRow)
    found: frozenset[int] | None = None
    for volume in volumes:
        if volume.pool_id is not None:
            pool = pools.by_id[volume.pool_id]
            one = None if pool.scope == "ZONE" or pool.cluster_id is None else frozenset((pool.cluster_id,))
        else:
            here = [p for p in pools if p.zone_id == volume.zone_id and p.status == "Up"]
            zone_wide = any(p.scope == "ZONE" for p in here)
            one = None if zone_wide else frozenset(p.cluster_id for p in here if p.cluster_id is not None)
        if one is not None:
            found = one if found is None else found & one
    return found


async def choose_pool(cloud: Cloud, volume: VolumeRow, pod_id: int, cluster_id: int) -> StoragePoolRow:
    """The pool with most room among those that the cluster reaches and that carry the offering's tags.

    Raises InsufficientCapacityError that says how many pools failed which check.
    """
    offerings = await cloud.snapshots.of(DiskOfferingRow)
    offering = offerings.by_id.get(volume.disk_offering_id or 0)
    tags = {t.strip() for t in ((offering.tags if offering else None) or "").split(",") if t.strip()}
    room = {row.pool_id: row.limit_bytes - row.allocated_bytes for row in await cloud.store.rows(CAPACITIES)}
    refused = {"out of reach": 0, "not Up": 0, "without the tags": 0, "without room": 0}
    fit: list[StoragePoolRow] = []
    for pool in await cloud.snapshots.of(StoragePoolRow):
        if not reaches(pool, volume.zone_id, cluster_id):
            refused["out of reach"] += 1
        elif pool.status != "Up":
            refused["not Up"] += 1
        elif not tags <= {t for t in pool.tags.split(",") if t}:
            refused["without the tags"] += 1
        elif room.get(pool.id, 0) < volume.size_bytes:
            refused["without room"] += 1
        else:
            fit.append(pool)
    if not fit:
        counts = ", ".join(f"{count} {why}" for why, count in refused.items() if count)
        raise InsufficientCapacityError(f"No storage pool for volume {volume.name}: {counts or 'there is none'}")
    return max(fit, key=lambda p: (room[p.id], -p.id))
