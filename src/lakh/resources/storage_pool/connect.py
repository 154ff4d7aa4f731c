"""Connecting hosts to primary storage pools: ModifyStoragePool, remembered in storage_pool_host."""

from __future__ import annotations

import functools
import hashlib
import uuid as uuids
from collections.abc import Sequence
from typing import Any

from lakh.base.errors import LakhError
from lakh.base.once import Once
from lakh.jobs.cloud import Cloud
from lakh.resources.storage_pool.row import CONNECT, HOSTS_OF_POOL, StoragePoolHostRow, StoragePoolRow
from lakh.resources.storage_pool.size import note_size, sizes_of
from lakh.store.statement import Step
from lakh.wire.message import API, Message

POOL_COMMAND_SECONDS = 300


class PoolRefusedError(LakhError):
    """The host could not connect the pool. `reason` is what it says, without its name."""

    def __init__(self, host_id: int, pool: StoragePoolRow, reason: str) -> None:
        super().__init__(f"Host {host_id} could not connect storage pool {pool.name}: {reason}")
        self.reason = reason


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
    return _local_path(f"{pool.host_address}{pool.path}")


@functools.lru_cache(1024)
def _local_path(export: str) -> str:
    digest = hashlib.md5(export.encode(), usedforsecurity=False).digest()
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


class ConnectedPools:
    """A part of the cloud: which hosts have answered for which pools, read once and kept up by those who connect them.

    Ids of hosts and pools are never used again, so what was deleted may stay.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._of: dict[int, frozenset[int]] = {}
        self._sets: dict[frozenset[int], frozenset[int]] = {}  # thousands of hosts share one
        self._loaded = Once(self._load)
        cloud.store.follow_others("storage_pool_host", self._others, ("pool_id", "host_id"))

    async def load(self) -> None:
        """Reads the table once, however many ask."""
        await self._loaded()

    def _others(self, steps: Sequence[Step]) -> None:
        """Another process has connected hosts, or may have."""
        for step in steps:
            if step.statement is CONNECT:
                self.add(step.arguments[1], step.arguments[0])
            elif not step.statement.text:
                self._loaded = Once(self._load)

    async def _load(self) -> None:
        for pool in await self._cloud.snapshots.of(StoragePoolRow):
            last = 0
            while rows := await self._cloud.store.rows(HOSTS_OF_POOL, pool.id, last):
                for row in rows:
                    self.add(row.host_id, row.pool_id)
                last = rows[-1].host_id

    def of(self, host_id: int) -> frozenset[int]:
        return self._of.get(host_id, frozenset())

    def add(self, host_id: int, pool_id: int) -> None:
        both = self.of(host_id) | {pool_id}
        self._of[host_id] = self._sets.setdefault(both, both)


async def pools_of(cloud: Cloud, zone_id: int, cluster_id: int | None) -> list[StoragePoolRow]:
    """The pools that hosts of that zone and cluster use."""
    return [p for p in await cloud.snapshots.of(StoragePoolRow) if reaches(p, zone_id, cluster_id)]


async def taken(cloud: Cloud, host_id: int, pool: StoragePoolRow, answer: Message) -> StoragePoolHostRow | None:
    """Takes a host's answer for a pool; returns the row to store, None where it is there. Raises PoolRefusedError."""
    info: dict[str, Any] = answer.body.get("poolInfo") or {}
    if not answer.result or not info.get("localPath"):
        raise PoolRefusedError(host_id, pool, answer.details)
    await note_size(cloud, pool.id, *sizes_of(info))
    if pool.id in cloud.part(ConnectedPools).of(host_id):
        return None
    return StoragePoolHostRow(pool.id, host_id, info["localPath"], cloud.now_ms())


async def mount(cloud: Cloud, host_id: int, pool: StoragePoolRow) -> dict[str, Any]:
    """Has one host mount a pool; returns the answer's poolInfo. Raises PoolRefusedError, HostUnreachableError."""
    answers = await cloud.hosts.call(host_id, [modify_command(pool)], timeout_seconds=POOL_COMMAND_SECONDS)
    answer = answers[0]
    info: dict[str, Any] = answer.body.get("poolInfo") or {}
    if not answer.result or not info.get("localPath"):
        raise PoolRefusedError(host_id, pool, answer.details)
    return info
