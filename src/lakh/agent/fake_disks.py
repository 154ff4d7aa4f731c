"""A fake host's pools and volumes: the shared storage, seen through the pools this host is connected to."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lakh.agent.fake_storage import EMPTY_BYTES, SharedStorage
from lakh.agent.hypervisor import DiskSpec, PoolSpec, PoolUsage, RefusedError, Volume


@lru_cache(maxsize=1024)
def _same(pools: frozenset[str]) -> frozenset[str]:
    """One set for all hosts that are connected to the same pools."""
    return pools


class FakeVolumes:
    """The storage half of FakeHypervisor."""

    __slots__ = ("_number", "_pools", "_storage")

    def __init__(self, storage: SharedStorage, number: int) -> None:
        self._storage = storage
        self._number = number
        self._pools: frozenset[str] = _same(frozenset())

    @property
    def pools(self) -> frozenset[str]:
        """UUIDs of the connected pools."""
        return self._pools

    def connect_pool(self, pool: PoolSpec) -> PoolUsage:
        if not pool.uuid:
            raise RefusedError("the storage pool has no uuid")
        usage = self._storage.open_pool(pool.uuid)
        if pool.uuid not in self._pools:
            self._set_pools(self._pools | {pool.uuid})
        return usage

    def disconnect_pool(self, uuid: str) -> None:
        """Refuses nothing: an unknown pool is not connected, which is what is wanted."""
        if uuid in self._pools:
            self._set_pools(self._pools - {uuid})

    def _set_pools(self, pools: frozenset[str]) -> None:
        self._pools = _same(pools)

    def pool_usage(self, uuid: str) -> PoolUsage:
        self._connected(uuid)
        return self._storage.usage(uuid)

    def volume(self, pool: str, name: str) -> Volume | None:
        self._connected(pool)
        return self._storage.get(pool, name)

    def create_volume(self, pool: str, name: str, size_bytes: int) -> Volume:
        self._connected(pool)
        return self._add(pool, name, "volume", size_bytes, EMPTY_BYTES)

    def copy_template(self, pool: str, name: str, size_bytes: int, physical_bytes: int) -> Volume:
        self._connected(pool)
        return self._add(pool, name, "template", size_bytes, physical_bytes)

    def clone(self, pool: str, template: str, name: str, size_bytes: int) -> Volume:
        self._connected(pool)
        source = self._storage.get(pool, template)
        if source is None:
            raise RefusedError(f"template {template} does not exist on storage pool {pool}")
        return self._add(pool, name, "volume", max(size_bytes, source.size_bytes), EMPTY_BYTES)

    def copy_volume(self, source_pool: str, source: str, pool: str, name: str) -> Volume:
        original = self._require(source_pool, source)
        self._connected(pool)
        return self._add(pool, name, "volume", original.size_bytes, original.physical_bytes)

    def import_volume(self, pool: str, name: str, size_bytes: int, physical_bytes: int) -> Volume:
        self._connected(pool)
        return self._add(pool, name, "volume", size_bytes, physical_bytes)

    def delete_volume(self, pool: str, name: str) -> None:
        self._connected(pool)
        self._storage.delete(pool, name)

    def resize(self, pool: str, name: str, size_bytes: int) -> Volume:
        self._require(pool, name)
        return self._storage.resize(pool, name, size_bytes)

    def snapshot(self, pool: str, volume: str, name: str) -> Volume:
        original = self._require(pool, volume)
        return self._storage.add(pool, name, "snapshot", original.size_bytes, original.physical_bytes)

    def revert(self, pool: str, volume: str, snapshot: str) -> None:
        self._require(pool, volume)
        kept = self._require(pool, snapshot)
        if kept.kind != "snapshot":
            raise RefusedError(f"{snapshot} is a {kept.kind}, not a snapshot")

    def is_open(self, pool: str, name: str) -> bool:
        self._connected(pool)
        return self._storage.owner(pool, name) != 0

    def _add(self, pool: str, name: str, kind: str, size_bytes: int, physical_bytes: int) -> Volume:
        if size_bytes <= 0:
            raise RefusedError(f"{kind} {name}: a size of {size_bytes} bytes is not possible")
        return self._storage.add(pool, name, kind, size_bytes, physical_bytes)

    def _connected(self, pool: str) -> None:
        if pool not in self._pools:
            raise RefusedError(f"storage pool {pool} is not connected to this host")

    def _require(self, pool: str, name: str) -> Volume:
        self._connected(pool)
        volume = self._storage.get(pool, name)
        if volume is None:
            raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
        return volume

    def _lock_all(self, disks: Iterable[DiskSpec]) -> None:
        taken = []
        try:
            for disk in disks:
                if disk.volume:
                    self._require(disk.pool, disk.volume)
                    self._storage.lock(disk.pool, disk.volume, self._number)
                    taken.append(disk)
        except RefusedError:
            self._unlock_all(taken)
            raise

    def _unlock_all(self, disks: Iterable[DiskSpec]) -> None:
        for disk in disks:
            if disk.volume:
                self._storage.pass_lock(disk.pool, disk.volume, self._number, 0)
