"""A table of fixed slots in one buffer: what all hosts of a fleet share, in one process or in many.

Open addressing with linear probing; a removal shifts its followers back, so there are no tombstones and the cost stays
flat however long the fleet runs. The buffer is either memory of this process, growing by half at 80 % full, or a file
that several processes map, of fixed size, with an advisory lock around each operation: a process that dies leaves the
lock to the kernel. Python dictionaries of the same facts take three times the memory and cannot be shared.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from lakh.agent.hypervisor import RefusedError

_HEADER = struct.Struct("<Q")
_FULL = 0.8
_SMALLEST = 48
_SHARD_BITS = 6


def _spread(key: bytes | bytearray) -> int:
    """A hash that is the same in every process; its low bits choose the shard."""
    return zlib.crc32(key) >> _SHARD_BITS


class _FileLock:
    """An exclusive lock on a file, for the time of one operation."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN)


class SlotTable:
    """Slots of `key` and `value`, both packed bytes of fixed length. The all-zero key marks an empty slot."""

    __slots__ = ("_buffer", "_capacity", "_empty", "_grows", "_key", "_lock", "_slot")

    def __init__(self, key_bytes: int, value_bytes: int) -> None:
        self._key = key_bytes
        self._slot = key_bytes + value_bytes
        self._capacity = _SMALLEST
        self._empty = bytes(key_bytes)
        self._buffer: bytearray | mmap.mmap = bytearray(_HEADER.size + self._capacity * self._slot)
        self._lock: AbstractContextManager[None] = nullcontext()
        self._grows = True

    @classmethod
    def shared(cls, path: Path, key_bytes: int, value_bytes: int, capacity: int) -> SlotTable:
        """The table in the file at `path`, made sparse where it is new; every process must name the same capacity."""
        table = cls(key_bytes, value_bytes)
        size = _HEADER.size + capacity * table._slot
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(descriptor, size)
        table._buffer = mmap.mmap(descriptor, size)
        table._capacity = capacity
        table._lock = _FileLock(descriptor)
        table._grows = False
        return table

    def __len__(self) -> int:
        return int(_HEADER.unpack_from(self._buffer)[0])

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`."""
        with self._lock:
            at, found = self._find(key)
            return bytes(self._buffer[at + self._key : at + self._slot]) if found else None

    def claim(self, key: bytes, value: bytes) -> bytes | None:
        """Stores the value where the key is new; otherwise changes nothing and returns the value that is there."""
        with self._lock:
            at, found = self._find(key)
            if found:
                return bytes(self._buffer[at + self._key : at + self._slot])
            self._insert(at, key, value)
            return None

    def put(self, key: bytes, value: bytes) -> None:
        """Stores the value, whatever was there."""
        with self._lock:
            at, found = self._find(key)
            if found:
                self._buffer[at + self._key : at + self._slot] = value
            else:
                self._insert(at, key, value)

    def change(self, key: bytes, change: Callable[[bytes], bytes | None]) -> bool:
        """Replaces the value by what `change` makes of it; None leaves it. False where there is no such key."""
        with self._lock:
            at, found = self._find(key)
            if not found:
                return False
            value = change(bytes(self._buffer[at + self._key : at + self._slot]))
            if value is not None:
                self._buffer[at + self._key : at + self._slot] = value
            return True

    def remove(self, key: bytes, only: bytes | None = None) -> bool:
        """Removes the key, where `only` is given just if that is its value. False where nothing was removed."""
        with self._lock:
            at, found = self._find(key)
            if not found or (only is not None and self._buffer[at + self._key : at + self._slot] != only):
                return False
            self._close_gap((at - _HEADER.size) // self._slot)
            _HEADER.pack_into(self._buffer, 0, len(self) - 1)
            return True

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Every key and value; a table that changes meanwhile may show an entry twice or not at all."""
        for slot in range(self._capacity):
            at = _HEADER.size + slot * self._slot
            if at >= len(self._buffer):
                return
            key = bytes(self._buffer[at : at + self._key])
            if key != self._empty:
                yield key, bytes(self._buffer[at + self._key : at + self._slot])

    def _find(self, key: bytes) -> tuple[int, bool]:
        buffer, size, width = self._buffer, self._slot, self._key
        slot = _spread(key) % self._capacity
        while True:
            at = _HEADER.size + slot * size
            here = buffer[at : at + width]
            if here == key:
                return at, True
            if here == self._empty:
                return at, False
            slot = slot + 1 if slot + 1 < self._capacity else 0

    def _insert(self, at: int, key: bytes, value: bytes) -> None:
        count = len(self) + 1
        if count > self._capacity * _FULL:
            if not self._grows:
                raise RefusedError(
                    f"the fleet's shared table is full at {count - 1} entries: start it with a larger one"
                )
            self._grow()
            at, _ = self._find(key)
        self._buffer[at : at + self._slot] = key + value
        _HEADER.pack_into(self._buffer, 0, count)

    def _grow(self) -> None:
        old = self._buffer
        slots = [
            bytes(old[at : at + self._slot])
            for at in range(_HEADER.size, len(old), self._slot)
            if old[at : at + self._key] != self._empty
        ]
        self._capacity = self._capacity * 3 // 2
        self._buffer = bytearray(_HEADER.size + self._capacity * self._slot)
        for slot in slots:
            at, _ = self._find(slot[: self._key])
            self._buffer[at : at + self._slot] = slot
        _HEADER.pack_into(self._buffer, 0, len(slots))

    def _close_gap(self, gap: int) -> None:
        """Moves back every following entry of the run that its own place allows, then empties the last gap."""
        buffer, size, capacity = self._buffer, self._slot, self._capacity
        slot = gap
        while True:
            slot = slot + 1 if slot + 1 < capacity else 0
            at = _HEADER.size + slot * size
            key = buffer[at : at + self._key]
            if key == self._empty:
                break
            home = _spread(key) % capacity
            if (slot - home) % capacity >= (slot - gap) % capacity:
                to = _HEADER.size + gap * size
                buffer[to : to + size] = buffer[at : at + size]
                gap = slot
        start = _HEADER.size + gap * size
        buffer[start : start + size] = bytes(size)


class ShardedTable:
    """Many small tables that grow one at a time, so that no single growth holds the loop up."""

    __slots__ = ("_shards",)

    def __init__(self, key_bytes: int, value_bytes: int) -> None:
        self._shards = tuple(SlotTable(key_bytes, value_bytes) for _ in range(1 << _SHARD_BITS))

    def __len__(self) -> int:
        return sum(len(shard) for shard in self._shards)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        for shard in self._shards:
            yield from shard

    def _of(self, key: bytes) -> SlotTable:
        return self._shards[zlib.crc32(key) & ((1 << _SHARD_BITS) - 1)]

    def get(self, key: bytes) -> bytes | None:
        return self._of(key).get(key)

    def claim(self, key: bytes, value: bytes) -> bytes | None:
        return self._of(key).claim(key, value)

    def put(self, key: bytes, value: bytes) -> None:
        self._of(key).put(key, value)

    def change(self, key: bytes, change: Callable[[bytes], bytes | None]) -> bool:
        return self._of(key).change(key, change)

    def remove(self, key: bytes, only: bytes | None = None) -> bool:
        return self._of(key).remove(key, only)


Table = SlotTable | ShardedTable
