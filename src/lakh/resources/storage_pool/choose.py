"""Which pool a volume goes to."""

from __future__ import annotations

from lakh.base import limits
from lakh.base.errors import InsufficientCapacityError
from lakh.base.log import logger
from lakh.jobs.cloud import Cloud
from lakh.placement.refusal import Refusal
from lakh.placement.storage import PoolRequest
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import ADMIN
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.storage_pool.index import REFRESH_SECONDS, PoolIndex
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.volume.row import VolumeRow
from lakh.store.snapshot import Loaded

log = logger(__name__)


async def clusters_within_reach(cloud: Cloud, volumes: list[VolumeRow]) -> frozenset[int] | None:
    """The clusters whose hosts reach the volumes' pools; None when any host of the zone does.

    A volume without a pool yet needs a cluster with a pool that takes it, by its tags and room, unless the zone has
    such a pool for all. Where there is none anywhere it asks for no cluster: whoever chooses its pool says why.
    """
    pools = await cloud.snapshots.of(StoragePoolRow)
    found: frozenset[int] | None = None
    for volume in volumes:
        if volume.pool_id is not None:
            pool = pools.by_id[volume.pool_id]
            one = None if pool.scope == "ZONE" or pool.cluster_id is None else frozenset((pool.cluster_id,))
        else:
            one = await cloud.part(NewVolumes).clusters(volume, pools)
        if one is not None and one is not found:
            found = one if found is None else found & one
    return found


class NewVolumes:
    """A part of the cloud: where volumes without a pool may go. There may be a pool for each cluster, and every
    deployment asks: what was found for an offering and a size holds for a few seconds, unless pools change."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._source: Loaded[StoragePoolRow] | None = None
        self._found: dict[tuple[int, int | None, int], tuple[float, frozenset[int] | None]] = {}

    async def clusters(self, volume: VolumeRow, pools: Loaded[StoragePoolRow]) -> frozenset[int] | None:
        """The clusters with a pool that takes the volume; None where a pool is for all of the zone, or none fits."""
        if self._source is not pools or len(self._found) > limits.VOLUME_SIZES_KNOWN:
            self._found.clear()
            self._source = pools
        key, now = (volume.zone_id, volume.disk_offering_id, volume.size_bytes), self._cloud.clock.monotonic()
        known = self._found.get(key)
        if known is None or now - known[0] > REFRESH_SECONDS:
            found = await self._cloud.part(PoolIndex).clusters(await _asked(self._cloud, volume))
            known = self._found[key] = (now, found or None)
        return known[1]


async def choose_pool(
    cloud: Cloud, volume: VolumeRow, pod_id: int, cluster_id: int, *, asked_by: int
) -> StoragePoolRow:
    """The pool for a volume among those that the cluster reaches and that carry its offering's tags.

    Which one, settings volume.allocation.algorithm and storage.pool.allocators.order say. It is counted in memory; the
    caller takes the space with TAKE. Raises InsufficientCapacityError; where account `asked_by` is a root admin's, it
    says how many pools failed which check.
    """
    found = await cloud.part(PoolIndex).choose(await _asked(cloud, volume, cluster_id))
    if isinstance(found, Refusal):
        why = found.text()
        log.warning("no storage pool for a volume", volume=volume.uuid, why=why)
        account = await cloud.part(Accounts).get(asked_by)
        told = why if account is not None and account.type == ADMIN else "insufficient capacity"
        raise InsufficientCapacityError(f"No storage pool for volume {volume.name}: {told}")
    return (await cloud.snapshots.of(StoragePoolRow)).by_id[found.pool_id]


async def _asked(cloud: Cloud, volume: VolumeRow, cluster_id: int | None = None) -> PoolRequest:
    """What a volume asks of a pool, in a cluster or anywhere in its zone."""
    offerings = await cloud.snapshots.of(DiskOfferingRow)
    offering = offerings.by_id.get(volume.disk_offering_id or 0)
    algorithm, allocators = cloud.part(PoolIndex).algorithm(volume.zone_id)
    return PoolRequest(
        zone_id=volume.zone_id,
        size_bytes=max(volume.size_bytes, 1),
        cluster_id=cluster_id,
        tags=tuple(t.strip() for t in ((offering.tags if offering else None) or "").split(",") if t.strip()),
        account_id=volume.account_id,
        algorithm=algorithm,
        allocators=allocators,
    )
