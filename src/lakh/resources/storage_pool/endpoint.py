"""Which host works on a pool for us: any connected one in the pool's reach, one that is named first."""

from __future__ import annotations

from lakh.base.errors import ResourceUnavailableError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.storage_pool.row import StoragePoolRow


def endpoint(cloud: Cloud, pool: StoragePoolRow, preferred: int | None = None) -> int:
    """The id of a host to send a storage command to. Raises ResourceUnavailableError when none is connected."""
    index = cloud.part(HostIndex)
    if preferred and (fact := index.facts.get(preferred)) is not None and fact.connected and fact.status == "Up":
        return preferred
    place, number = ("zone", pool.zone_id) if pool.cluster_id is None else ("cluster", pool.cluster_id)
    slots = index.columns.usable_in(place, number).slots  # type: ignore[arg-type]
    if slots:
        return index.columns.host_id[slots[cloud.random.randrange(len(slots))]]
    for fact in index.facts.values():  # hosts that take no new VMs still reach their pools
        near = fact.zone_id == pool.zone_id and pool.cluster_id in (None, fact.cluster_id)
        if near and fact.connected and fact.status == "Up" and fact.cluster_id is not None:
            return fact.id
    raise ResourceUnavailableError(f"No host is connected that reaches storage pool {pool.name}")
