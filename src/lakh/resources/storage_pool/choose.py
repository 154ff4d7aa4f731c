"""Which pool a volume goes to."""

from __future__ import annotations

from lakh.base.errors import InsufficientCapacityError
from lakh.jobs.cloud import Cloud
from lakh.placement.refusal import Refusal
from lakh.placement.storage import PoolRequest
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.storage_pool.index import PoolIndex
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.volume.row import VolumeRow
from lakh.store.snapshot import Loaded


async def clusters_within_reach(cloud: Cloud, volumes: list[VolumeRow]) -> frozenset[int] | None:
    """The clusters whose hosts reach the volumes' pools; None when any host of the zone does.

    A volume without a pool yet needs a cluster with one of its own, unless the zone has a pool for all.
    """
    pools = await cloud.snapshots.of(StoragePoolRow)
    reach = cloud.part(NewVolumes).reach(pools)
    found: frozenset[int] | None = None
    for volume in volumes:
        if volume.pool_id is not None:
            pool = pools.by_id[volume.pool_id]
            one = None if pool.scope == "ZONE" or pool.cluster_id is None else frozenset((pool.cluster_id,))
        else:
            one = reach.get(volume.zone_id, frozenset())
        if one is not None and one is not found:
            found = one if found is None else found & one
    return found


class NewVolumes:
    """A part of the cloud: where volumes without a pool may go. Worked out once for each change of pools: there may be
    one for each cluster, and every deployment asks."""

    def __init__(self, _: Cloud) -> None:
        self._source: Loaded[StoragePoolRow] | None = None
        self._reach: dict[int, frozenset[int] | None] = {}

    def reach(self, pools: Loaded[StoragePoolRow]) -> dict[int, frozenset[int] | None]:
        """By zone: the clusters with a pool that is Up; None where a pool is for all of the zone."""
        if self._source is not pools:
            up = [pool for pool in pools if pool.status == "Up"]
            zone_wide = {pool.zone_id for pool in up if pool.scope == "ZONE"}
            clusters: dict[int, set[int]] = {}
            for pool in up:
                if pool.cluster_id is not None:
                    clusters.setdefault(pool.zone_id, set()).add(pool.cluster_id)
            self._reach = {zone: frozenset(some) for zone, some in clusters.items()} | dict.fromkeys(zone_wide)
            self._source = pools
        return self._reach


async def choose_pool(cloud: Cloud, volume: VolumeRow, pod_id: int, cluster_id: int) -> StoragePoolRow:
    """The pool for a volume among those that the cluster reaches and that carry its offering's tags.

    Which one, settings volume.allocation.algorithm and storage.pool.allocators.order say. It is counted in memory; the
    caller takes the space with TAKE. Raises InsufficientCapacityError that says how many pools failed which check.
    """
    offerings = await cloud.snapshots.of(DiskOfferingRow)
    offering = offerings.by_id.get(volume.disk_offering_id or 0)
    index = cloud.part(PoolIndex)
    algorithm, allocators = index.algorithm(volume.zone_id)
    request = PoolRequest(
        zone_id=volume.zone_id,
        size_bytes=max(volume.size_bytes, 1),
        cluster_id=cluster_id,
        tags=tuple(t.strip() for t in ((offering.tags if offering else None) or "").split(",") if t.strip()),
        account_id=volume.account_id,
        algorithm=algorithm,
        allocators=allocators,
    )
    found = await index.choose(request)
    if isinstance(found, Refusal):
        raise InsufficientCapacityError(f"No storage pool for volume {volume.name}: {found.text()}")
    return (await cloud.snapshots.of(StoragePoolRow)).by_id[found.pool_id]
