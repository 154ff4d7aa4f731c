"""createStoragePool: primary storage for a zone or a cluster.

The hosts in reach mount it first (`attach.py`); a pool that none of them could mount is none. Without hosts it is Up at
once, and its size arrives with the first host that joins.
"""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id, Long
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, SyncCommand
from lakh.resources.finishing import run_internal
from lakh.resources.live import live
from lakh.resources.pod.row import PodRow
from lakh.resources.storage_pool.address import PoolAddress, parse_url
from lakh.resources.storage_pool.hosts import hosts_in_reach
from lakh.resources.storage_pool.row import INSERT, INSERT_CAPACITY, StoragePoolCapacityRow, StoragePoolRow
from lakh.resources.storage_pool.size import factor
from lakh.resources.storage_pool.view import SECRET, StoragePoolView, pool_view
from lakh.resources.zone.row import LIVE as LIVE_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

PROVIDER = "DefaultPrimary"


class CreateStoragePool(SyncCommand, roles=ADMIN, answer=StoragePoolView):
    """Creates a storage pool."""

    name: str = param("name of the pool", required=True)
    url: str = param("where it lies: nfs://host/path, SharedMountPoint://localhost/path, …", required=True)
    zoneid: Id = param("the zone of the pool", required=True, entity="zone")
    podid: Id | None = param("the pod of the pool, for one cluster", entity="pod")
    clusterid: Id | None = param("the cluster that uses the pool; absent for the whole zone", entity="cluster")
    scope: str | None = param("zone or cluster; cluster when clusterid is given")
    hypervisor: str | None = param("hypervisor of the hosts that use it: KVM")
    provider: str | None = param("storage provider: DefaultPrimary")
    tags: str | None = param("tags that disk offerings ask for, separated by commas")
    istagarule: bool = param("the tags are a rule in JavaScript", default=False)
    managed: bool = param("each volume is a unit of its own on the storage", default=False)
    capacitybytes: Long | None = param("bytes to count on until a host tells the size")
    capacityiops: Long | None = param("IOPS of the pool")
    details: Details = param("free details of the pool, such as nfsmountopts")
    storageaccessgroups: str | None = param("access groups of the hosts that use it", since="4.21.0")

    async def run(self, call: Call) -> StoragePoolView:
        pool = await self._row(call)
        if await hosts_in_reach(call.cloud, pool):
            await run_internal(call, "attachStoragePool", row=msgspec.json.encode(pool).decode())
        else:
            await self._store(call.cloud, msgspec.structs.replace(pool, status="Up"))
        return await pool_view(call.cloud, pool.id)

    async def _store(self, cloud: Cloud, pool: StoragePoolRow) -> None:
        limit = int(pool.capacity_bytes * factor(cloud, pool))
        txn = TxnSpec("createStoragePool").add(LIVE_ZONE, pool.zone_id).put(INSERT, pool)
        txn.put(INSERT_CAPACITY, StoragePoolCapacityRow(pool.id, limit, 0, 0))
        await cloud.store.submit(txn)

    async def _row(self, call: Call) -> StoragePoolRow:
        cloud, address = call.cloud, parse_url(self.url)
        zone = await live(cloud, ZoneRow, self.zoneid, "zoneid")
        scope, cluster = await self._scope(call, zone)
        if self.provider and self.provider.lower() != PROVIDER.lower():
            raise ParameterError(f"Invalid parameter provider {self.provider}: give {PROVIDER}")
        await self._check_unused(call, zone, address)
        details = dict(self.details)
        if address.secret:
            details[SECRET] = address.secret
        if self.istagarule:
            details["istagarule"] = "true"
        if self.storageaccessgroups:
            details["storageaccessgroups"] = self.storageaccessgroups
        return StoragePoolRow(
            id=cloud.id("storage_pool"),
            uuid=cloud.uuid(),
            name=self.name,
            type=address.type,
            scope=scope,
            status="Initialized",
            provider=PROVIDER,
            hypervisor=cluster.hypervisor if cluster else (self.hypervisor or "KVM").upper(),
            zone_id=zone.id,
            pod_id=cluster.pod_id if cluster else None,
            cluster_id=cluster.id if cluster else None,
            host_address=address.host,
            path=address.path,
            port=address.port,
            tags=",".join(t.strip() for t in (self.tags or "").split(",") if t.strip()),
            managed=self.managed,
            capacity_bytes=max(self.capacitybytes or 0, 0),
            capacity_iops=self.capacityiops,
            details_json=msgspec.json.encode(details).decode(),
            created_ms=cloud.now_ms(),
        )

    async def _scope(self, call: Call, zone: ZoneRow) -> tuple[str, ClusterRow | None]:
        scope = (self.scope or ("cluster" if self.clusterid is not None else "zone")).upper()
        if scope not in ("ZONE", "CLUSTER"):
            raise ParameterError(f"Invalid parameter scope {self.scope}: give zone or cluster")
        if scope == "ZONE":
            if self.clusterid is not None or self.podid is not None:
                raise ParameterError("A pool of scope zone has no podid and clusterid: leave them out")
            if self.hypervisor and self.hypervisor.upper() not in ("KVM", "ANY"):
                raise ParameterError(f"Invalid parameter hypervisor {self.hypervisor}: give KVM")
            return scope, None
        if self.clusterid is None:
            raise ParameterError("Cluster id must be specified for a pool of scope cluster: give clusterid")
        cluster = await live(call.cloud, ClusterRow, self.clusterid, "clusterid")
        pod = await live(call.cloud, PodRow, self.podid or cluster.pod_id, "podid")
        if cluster.zone_id != zone.id or cluster.pod_id != pod.id:
            raise ParameterError(
                f"Cluster {cluster.uuid} is not in that pod and zone: give podid and zoneid that match"
            )
        return scope, cluster

    async def _check_unused(self, call: Call, zone: ZoneRow, address: PoolAddress) -> None:
        for other in await call.cloud.snapshots.of(StoragePoolRow):
            if (other.zone_id, other.host_address, other.path) == (zone.id, address.host, address.path):
                raise ParameterError(
                    f"Storage pool {address.host}{address.path} already in use by pool {other.name}; give another url"
                )
