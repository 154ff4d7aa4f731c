"""Connecting hosts to primary storage pools: ModifyStoragePool, remembered in storage_pool_host."""

from __future__ import annotations

import hashlib
import uuid as uuids
from typing import Any

from lakh.base.errors import LakhError
from lakh.jobs.cloud import Cloud
from lakh.resources.host.row import HostRow
from lakh.resources.storage_pool.row import CONNECT, POOLS_OF_HOST, StoragePoolHostRow, StoragePoolRow
from lakh.resources.storage_pool.size import note_size, sizes_of
from lakh.store.statement import TxnSpec, values
from lakh.wire.message import API, Message

POOL_COMMAND_SECONDS = 300


class PoolRefusedError(LakhError):
    """The host could not connect the pool."""


def filer(pool: StoragePoolRow) -> dict[str, Any]:
    """The pool as a StorageFilerTO (agent-protocol 4.1)."""
    return {
        "id": pool.id,
        "uuid": pool.uuid,
        "host": pool.host_address,
        "path": pool.path,
        "port": pool.port,
        "type": pool.type,
    }


def local_path(pool: StoragePoolRow) -> str:
    """Where hosts mount it: a name-based UUID of host and path, as the agent protocol's `/mnt//<uuid3>`."""
    digest = hashlib.md5(f"{pool.host_address}{pool.path}".encode(), usedforsecurity=False).digest()
    return f"/mnt//{uuids.UUID(bytes=digest, version=3)}"


def reaches(pool: StoragePoolRow, zone_id: int, cluster_id: int | None) -> bool:
    """True when hosts of that zone and cluster use the pool."""
    if pool.removed_ms is not None or pool.zone_id != zone_id or pool.scope == "HOST":
        return False
    return pool.scope == "ZONE" or pool.cluster_id == cluster_id


def modify_command(pool: StoragePoolRow, *, add: bool = True) -> Message:
    body = {
        "add": add,
        "pool": filer(pool),
        "localPath": local_path(pool),
        "details": {},
        "contextMap": {},
        "wait": POOL_COMMAND_SECONDS,
    }
    return Message(API + "ModifyStoragePoolCommand", body)


async def connect_pools(cloud: Cloud, host: HostRow) -> None:
    """Connects the host to every pool in its reach; stores only what is new. Raises PoolRefusedError."""
    pools = [p for p in await cloud.snapshots.of(StoragePoolRow) if reaches(p, host.zone_id, host.cluster_id)]
    if not pools:
        return
    known = {row.pool_id for row in await cloud.store.rows(POOLS_OF_HOST, host.id)}
    for pool in pools:
        await connect_pool(cloud, host.id, pool, known=pool.id in known)


async def mount(cloud: Cloud, host_id: int, pool: StoragePoolRow) -> dict[str, Any]:
    """Has one host mount a pool; returns the answer's poolInfo. Raises PoolRefusedError, HostUnreachableError."""
    answers = await cloud.hosts.call(host_id, [modify_command(pool)], timeout_seconds=POOL_COMMAND_SECONDS)
    answer = answers[0]
    info: dict[str, Any] = answer.body.get("poolInfo") or {}
    if not answer.result or not info.get("localPath"):
        raise PoolRefusedError(f"Host {host_id} could not connect storage pool {pool.name}: {answer.details}")
    return info


async def connect_pool(cloud: Cloud, host_id: int, pool: StoragePoolRow, *, known: bool = False) -> None:
    """Connects one host to one pool, and learns the pool's size. Raises PoolRefusedError, HostUnreachableError."""
    info = await mount(cloud, host_id, pool)
    await note_size(cloud, pool.id, *sizes_of(info))
    if known:
        return
    row = StoragePoolHostRow(pool.id, host_id, info["localPath"], cloud.now_ms())
    await cloud.store.submit(TxnSpec("storage_pool.connect").add(CONNECT, *values(row), expect=None))
