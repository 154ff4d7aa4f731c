"""How large a pool is: what its hosts say, and how much may be promised of it."""

from __future__ import annotations

from typing import Any

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.storage_pool.row import CAPACITIES, SET_LIMIT, SET_SIZE, StoragePoolRow
from lakh.store.statement import TxnSpec

_NEVER_OVERPROVISIONED = frozenset({"LVM", "CLVM", "Gluster", "Iscsi", "IscsiLUN", "SMB", "OCFS2", "ManagedNFS"})


def factor(cloud: Cloud, pool: StoragePoolRow) -> float:
    """How many times its size may be promised of a pool: storage.overprovisioning.factor, where its type allows it."""
    if pool.type in _NEVER_OVERPROVISIONED:
        return 1.0
    return cloud.part(Settings).number("storage.overprovisioning.factor", ("StoragePool", pool.id)) or 1.0


def sizes_of(info: dict[str, Any]) -> tuple[int, int]:
    """(capacity, used) bytes of a ModifyStoragePool answer's poolInfo; zeros where it says nothing."""
    capacity = int(info.get("capacityBytes") or 0)
    return capacity, max(capacity - int(info.get("availableBytes") or 0), 0)


async def note_size(cloud: Cloud, pool_id: int, capacity_bytes: int, used_bytes: int, *, always: bool = False) -> None:
    """Stores what a host says of a pool, if its capacity is news; with `always` also when only its use is.

    Thousands of hosts say the same as they connect: only the first of them costs a write.
    """
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id.get(pool_id)
    if pool is None or pool.removed_ms is not None or capacity_bytes <= 0:
        return
    limit = int(capacity_bytes * factor(cloud, pool))
    txn = TxnSpec("storage_pool.size")
    if pool.capacity_bytes != capacity_bytes:
        txn.add(SET_SIZE, pool.id, capacity_bytes, expect=None)
    elif not always or any(
        row.pool_id == pool.id and row.limit_bytes == limit and row.used_bytes == used_bytes
        for row in await cloud.store.rows(CAPACITIES)
    ):
        return
    txn.add(SET_LIMIT, pool.id, limit, used_bytes, expect=None)
    await cloud.store.submit(txn)
