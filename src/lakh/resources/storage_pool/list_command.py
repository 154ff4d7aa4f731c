"""What listStoragePools and its metrics have in common."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand
from lakh.resources.host.row import BY_ID as HOST_BY_ID
from lakh.resources.listing import page_of
from lakh.resources.storage_pool.connect import reaches
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.storage_pool.view import StoragePoolView, pool_views


class StoragePoolListCommand(ListCommand, abstract=True):
    """A list of storage pools, with all its filters."""

    id: Id | None = param("this pool", entity="storage_pool")
    name: str | None = param("the pools of this name")
    zoneid: Id | None = param("the pools of this zone", entity="zone")
    podid: Id | None = param("the pools of this pod", entity="pod")
    clusterid: Id | None = param("the pools of this cluster", entity="cluster")
    hostid: Id | None = param("the pools that this host uses", entity="host")
    ipaddress: str | None = param("the pools at this address")
    path: str | None = param("the pools of this path")
    scope: str | None = param("zone, cluster or host")
    status: str | None = param("the pools in this state, such as Up or Maintenance")

    async def listed(self, call: Call) -> tuple[int, list[StoragePoolRow], list[StoragePoolView]]:
        """(count, rows of the page, their views)."""
        pools = [pool for pool in await call.cloud.snapshots.of(StoragePoolRow) if self._fits(pool)]
        if self.hostid is not None:
            host = (await call.cloud.store.rows(HOST_BY_ID, self.hostid))[0]
            pools = [pool for pool in pools if reaches(pool, host.zone_id, host.cluster_id)]
        count, page = page_of(pools, self.window())
        return count, page, await pool_views(call.cloud, page)

    def _fits(self, pool: StoragePoolRow) -> bool:
        return (
            (self.id is None or pool.id == self.id)
            and (self.name is None or pool.name == self.name)
            and (self.zoneid is None or pool.zone_id == self.zoneid)
            and (self.podid is None or pool.pod_id == self.podid)
            and (self.clusterid is None or pool.cluster_id == self.clusterid)
            and (self.ipaddress is None or pool.host_address == self.ipaddress)
            and (self.path is None or pool.path == self.path)
            and (not self.scope or pool.scope == self.scope.upper())
            and (not self.status or pool.status.lower() == self.status.lower())
            and (not self.keyword or any(self.keyword.lower() in t.lower() for t in (pool.name, pool.type)))
        )
