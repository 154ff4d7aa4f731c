"""Primary storage pools and the hosts connected to them."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "storage_pool",
    Index("storage_pool_uuid", "uuid", unique=True),
    Index("storage_pool_name", "name", where="removed_ms IS NULL"),
)
class StoragePoolRow(Row):
    """`scope` is ZONE, CLUSTER or HOST. `tags` are comma-separated. Allocation is in storage_pool_capacity."""

    id: int
    uuid: str
    name: str
    type: str
    scope: str
    status: str
    provider: str
    hypervisor: str | None
    zone_id: Annotated[int, Ref("zone")]
    pod_id: Annotated[int | None, Ref("pod")]
    cluster_id: Annotated[int | None, Ref("cluster")]
    host_address: str
    path: str
    port: int
    tags: str
    managed: bool
    capacity_bytes: int
    capacity_iops: int | None
    details_json: str
    created_ms: int
    removed_ms: int | None = None


@table("storage_pool_capacity", primary_key=("pool_id",), shared=True, fill_percent=70)
class StoragePoolCapacityRow(Row):
    """`limit_bytes` is capacity times overprovisioning; `allocated_bytes` what volumes and templates take of it;
    `used_bytes` what the hosts last reported."""

    pool_id: Annotated[int, Ref("storage_pool")]
    limit_bytes: int
    allocated_bytes: int
    used_bytes: int


@table(
    "storage_pool_host",
    Index("storage_pool_host_host", "host_id", "pool_id"),
    primary_key=("pool_id", "host_id"),
    big=True,
)
class StoragePoolHostRow(Row):
    """A host that has answered ModifyStoragePool for the pool."""

    pool_id: Annotated[int, Ref("storage_pool")]
    host_id: Annotated[int, Ref("host")]
    local_path: str
    created_ms: int


INSERT = insert("storage_pool.insert", StoragePoolRow)
INSERT_CAPACITY = insert("storage_pool_capacity.insert", StoragePoolCapacityRow)
CAPACITIES = select("storage_pool_capacity.all", StoragePoolCapacityRow, "ORDER BY pool_id")
CAPACITIES_OF = select("storage_pool_capacity.of_pools", StoragePoolCapacityRow, "WHERE pool_id = ANY($1)")
CONNECT = insert("storage_pool_host.insert", StoragePoolHostRow, conflict="ON CONFLICT (pool_id, host_id) DO NOTHING")
HOSTS_OF_POOL = select(
    "storage_pool_host.of_pool", StoragePoolHostRow, "WHERE pool_id = $1 AND host_id > $2 ORDER BY host_id LIMIT 10000"
)
CONNECTED_POOLS = statement(
    "storage_pool_host.connected", "SELECT pool_id FROM storage_pool_host WHERE pool_id = ANY($1) LIMIT 1"
)

TAKE = statement(
    "storage_pool_capacity.take",
    "UPDATE storage_pool_capacity SET allocated_bytes = allocated_bytes + $2"
    " WHERE pool_id = $1 AND allocated_bytes + $2 <= limit_bytes",
)
GIVE_BACK = statement(
    "storage_pool_capacity.give_back",
    "UPDATE storage_pool_capacity SET allocated_bytes = allocated_bytes - $2 WHERE pool_id = $1",
)
SET_SIZE = statement(
    "storage_pool.set_size", "UPDATE storage_pool SET capacity_bytes = $2 WHERE id = $1 AND removed_ms IS NULL"
)
SET_LIMIT = statement(
    "storage_pool_capacity.set_limit",
    "UPDATE storage_pool_capacity SET limit_bytes = $2, used_bytes = $3 WHERE pool_id = $1",
)
MOVE = statement(
    "storage_pool.move", "UPDATE storage_pool SET status = $3 WHERE id = $1 AND status = $2 AND removed_ms IS NULL"
)
"""Changes a pool's status from what it was read as."""
SET_DETAILS = statement(
    "storage_pool.set_details", "UPDATE storage_pool SET details_json = $2 WHERE id = $1 AND removed_ms IS NULL"
)
DELETE_CAPACITY = statement("storage_pool_capacity.delete", "DELETE FROM storage_pool_capacity WHERE pool_id = $1")
"""Makes every later reservation on the pool fail."""
DELETE_HOSTS = statement("storage_pool_host.delete_pool", "DELETE FROM storage_pool_host WHERE pool_id = $1")
