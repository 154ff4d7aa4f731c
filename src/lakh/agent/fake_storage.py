"""The primary storage that the hosts of a fleet share: what one host makes, the others of the pool see.

An entry is a volume, a template or a snapshot: 41 bytes in a slot table (`slots.py`), keyed by its UUID and its pool.
A running domain holds the write lock of its volumes, as QEMU does on shared storage: no second host can open them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

from lakh.agent.hypervisor import PoolUsage, RefusedError, Volume
from lakh.agent.slots import ShardedTable, SlotTable, Table
from lakh.base.ids import is_uuid

_VALUE = struct.Struct("<QQIB")
_KEY_BYTES = 20
_KINDS = ("volume", "template", "snapshot", "pool")
_POOL_KEY = b"\xff" * 16
EMPTY_BYTES = 196_616  # what an empty or freshly cloned qcow2 file takes
_ODD_NAMES = 10_000  # names that are no UUID, remembered for reports; more are shown by their hash


def _usage(value: bytes) -> PoolUsage:
    capacity, used, _, _ = _VALUE.unpack(value)
    return PoolUsage(capacity, used)


class SharedStorage:
    """Pools and what lies on them. `number` is a host's number in the fleet, from 1; 0 means nobody."""

    __slots__ = ("_capacity_bytes", "_odd_names", "_pools", "_table")

    def __init__(self, capacity_bytes: int = 1 << 50, shared: Path | None = None, slots: int = 4_000_000) -> None:
        self._capacity_bytes = capacity_bytes
        self._table: Table = (
            SlotTable.shared(shared, _KEY_BYTES, _VALUE.size, slots)
            if shared
            else ShardedTable(_KEY_BYTES, _VALUE.size)
        )
        self._pools: dict[bytes, str] = {}
        self._odd_names: dict[bytes, str] = {}

    def pack(self, name: str) -> bytes:
        """A volume's name as 16 bytes; `unpack` undoes it."""
        if is_uuid(name):
            return bytes.fromhex(name.replace("-", ""))
        packed = blake2b(name.encode(), digest_size=16).digest()
        if len(self._odd_names) < _ODD_NAMES:
            self._odd_names.setdefault(packed, name)
        return packed

    def unpack(self, packed: bytes) -> str:
        return self._odd_names.get(packed) or str(UUID(bytes=packed))

    def pack_pool(self, uuid: str) -> bytes:
        packed = blake2b(uuid.encode(), digest_size=4).digest()
        self._pools.setdefault(packed, uuid)
        return packed

    def unpack_pool(self, packed: bytes) -> str:
        return self._pools.get(packed) or packed.hex()

    def _key(self, pool: str, name: str) -> bytes:
        return self.pack(name) + self.pack_pool(pool)

    # --- pools -------------------------------------------------------------------------------------------------------
    def open_pool(self, uuid: str) -> PoolUsage:
        fresh = _VALUE.pack(self._capacity_bytes, 0, 0, 3)
        known = self._table.claim(_POOL_KEY + self.pack_pool(uuid), fresh)
        return _usage(known or fresh)

    def usage(self, uuid: str) -> PoolUsage:
        value = self._table.get(_POOL_KEY + self.pack_pool(uuid))
        if value is None:
            raise RefusedError(f"storage pool {uuid} does not exist")
        return _usage(value)

    def _take(self, pool: str, physical_bytes: int) -> None:
        """Books space. Refuses what does not fit."""
        fits = True

        def book(value: bytes) -> bytes | None:
            nonlocal fits
            capacity, used, owner, kind = _VALUE.unpack(value)
            if used + physical_bytes > capacity:
                fits = False
                return None
            return _VALUE.pack(capacity, max(0, used + physical_bytes), owner, kind)

        if not self._table.change(_POOL_KEY + self.pack_pool(pool), book):
            raise RefusedError(f"storage pool {pool} does not exist")
        if not fits:
            raise RefusedError(f"storage pool {pool}: no space left on device")

    # --- entries -----------------------------------------------------------------------------------------------------
    def get(self, pool: str, name: str) -> Volume | None:
        value = self._table.get(self._key(pool, name))
        return None if value is None else self._volume(pool, name, value)

    def owner(self, pool: str, name: str) -> int:
        """The number of the host that holds the write lock."""
        value = self._table.get(self._key(pool, name))
        return 0 if value is None else int(_VALUE.unpack(value)[2])

    def add(self, pool: str, name: str, kind: str, size_bytes: int, physical_bytes: int) -> Volume:
        """A new entry; the one that is there, where it is of that kind and size (a repeated command)."""
        value = _VALUE.pack(size_bytes, physical_bytes, 0, _KINDS.index(kind))
        self._take(pool, physical_bytes)
        try:
            present = self._table.claim(self._key(pool, name), value)
        except RefusedError:
            self._take(pool, -physical_bytes)
            raise
        if present is None:
            return self._volume(pool, name, value)
        self._take(pool, -physical_bytes)
        volume = self._volume(pool, name, present)
        if volume.kind != kind or volume.size_bytes != size_bytes:
            raise RefusedError(f"{kind} {name} already exists on storage pool {pool} with {volume.size_bytes} bytes")
        return volume

    def delete(self, pool: str, name: str) -> None:
        """Removes an entry; a missing one is no error. Refuses one that a running domain writes to."""
        key = self._key(pool, name)
        value = self._table.get(key)
        if value is None:
            return
        _, physical, owner, _ = _VALUE.unpack(value)
        if owner:
            raise RefusedError(f"volume {name} is in use by a running domain")
        if self._table.remove(key, value):
            self._take(pool, -physical)

    def resize(self, pool: str, name: str, size_bytes: int) -> Volume:
        def change(value: bytes) -> bytes:
            _, physical, owner, kind = _VALUE.unpack(value)
            return _VALUE.pack(size_bytes, physical, owner, kind)

        if not self._table.change(self._key(pool, name), change):
            raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
        volume = self.get(pool, name)
        assert volume is not None
        return volume

    def lock(self, pool: str, name: str, number: int) -> None:
        """Takes the write lock for a host. Refuses a missing volume and one that another host holds."""
        holder = -1

        def take(value: bytes) -> bytes | None:
            nonlocal holder
            size, physical, holder, kind = _VALUE.unpack(value)
            return None if holder else _VALUE.pack(size, physical, number, kind)

        if not self._table.change(self._key(pool, name), take):
            raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
        if holder:
            raise RefusedError(f'volume {name}: failed to get "write" lock, another process is using the image')

    def pass_lock(self, pool: str, name: str, giver: int, taker: int) -> None:
        """Hands the lock on; taker 0 releases it. Nothing happens where the giver does not hold it."""

        def change(value: bytes) -> bytes | None:
            size, physical, owner, kind = _VALUE.unpack(value)
            return _VALUE.pack(size, physical, taker, kind) if owner == giver else None

        self._table.change(self._key(pool, name), change)

    def release_all(self) -> None:
        """Nobody holds a lock any more: every host is off."""
        for key, value in self._table:
            size, physical, owner, kind = _VALUE.unpack(value)
            if owner:
                self._table.put(key, _VALUE.pack(size, physical, 0, kind))

    def counts(self) -> tuple[int, int]:
        """How many volumes there are, templates and snapshots left out, and how many of them are locked."""
        there = locked = 0
        for _, value in self._table:
            _, _, owner, kind = _VALUE.unpack(value)
            if _KINDS[kind] == "volume":
                there += 1
                locked += owner != 0
        return there, locked

    def volumes(self) -> Iterator[tuple[Volume, int]]:
        """Every entry of every pool, and who holds its lock."""
        for key, value in self._table:
            if key[:16] != _POOL_KEY:
                volume = self._volume(self.unpack_pool(key[16:]), self.unpack(key[:16]), value)
                yield volume, int(_VALUE.unpack(value)[2])

    @staticmethod
    def _volume(pool: str, name: str, value: bytes) -> Volume:
        size, physical, _, kind = _VALUE.unpack(value)
        return Volume(pool, name, _KINDS[kind], size, physical)
