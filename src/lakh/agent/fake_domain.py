"""A domain in memory in a few hundred bytes: one slotted object, packed interfaces and disks, shared shapes.

The command that started a domain is 13.7 KiB of JSON and never kept. What VMs have in common (offering, kind, networks,
pools) is one interned tuple for all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address
from typing import NamedTuple
from uuid import UUID

from lakh.agent.fake_storage import SharedStorage
from lakh.agent.hypervisor import DiskSpec, DomainSpec, NicSpec
from lakh.base.ids import is_uuid

_FIXED = struct.Struct("<16sQ")
_NIC = struct.Struct("<6s4sBBI16s")
_DISK = struct.Struct("<16s4sHB")
_NETWORKS = 1_000_000  # of one process; the rest count as one


class Shape(NamedTuple):
    """What many domains share. Memory in bytes, speed in MHz."""

    kind: str
    cpus: int
    speed: int
    min_ram: int
    max_ram: int


class _Words:
    """Texts that come again and again, each by a small number. Process-wide, bounded; 0 is the empty text."""

    __slots__ = ("_limit", "_numbers", "_texts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._texts = [""]
        self._numbers = {"": 0}

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            if len(self._texts) > self._limit:
                return 0
            found = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return found

    def text(self, number: int) -> str:
        return self._texts[number]


_networks = _Words(_NETWORKS)
_kinds = _Words(126)


@lru_cache(maxsize=4096)
def shape(kind: str, cpus: int, speed: int, min_ram: int, max_ram: int) -> Shape:
    """The one Shape of these figures."""
    return Shape(kind, cpus, speed, min_ram, max_ram)


class Domain:
    """A defined domain. `extra` holds what few domains have: boot arguments, snapshots."""

    __slots__ = ("disks", "extra", "fixed", "name", "nics", "shape")

    def __init__(self, spec: DomainSpec, storage: SharedStorage) -> None:
        self.name = spec.name
        self.shape = shape(spec.kind, spec.cpus, spec.speed, spec.min_ram, spec.max_ram)
        self.fixed = _FIXED.pack(_pack_uuid(spec.uuid), spec.vm_id & 0xFFFFFFFFFFFFFFFF)
        self.nics = b"".join(map(pack_nic, spec.nics))
        self.disks = b"".join(pack_disk(disk, storage) for disk in spec.disks)
        self.extra: Extra | None = Extra(spec.boot_args) if spec.boot_args else None

    def spec(self, storage: SharedStorage) -> DomainSpec:
        uuid, vm_id = _FIXED.unpack(self.fixed)
        kind, cpus, speed, min_ram, max_ram = self.shape
        return DomainSpec(
            self.name,
            _unpack_uuid(uuid),
            vm_id,
            kind,
            cpus,
            speed,
            min_ram,
            max_ram,
            list(unpack_nics(self.nics)),
            list(unpack_disks(self.disks, storage)),
            self.extra.boot_args if self.extra else "",
        )


class Extra:
    """The rare parts of a domain."""

    __slots__ = ("boot_args", "snapshots")

    def __init__(self, boot_args: str = "") -> None:
        self.boot_args = boot_args
        self.snapshots: dict[str, bool] = {}


def pack_nic(nic: NicSpec) -> bytes:
    return _NIC.pack(
        bytes.fromhex(nic.mac.replace(":", "")),
        IPv4Address(nic.ip).packed if nic.ip else b"\0\0\0\0",
        nic.device_id & 0xFF,
        _kinds.number(nic.kind) << 1 | nic.enabled,
        _networks.number(nic.network),
        _pack_uuid(nic.nic_uuid),
    )


def unpack_nics(packed: bytes) -> Iterator[NicSpec]:
    for mac, ip, device_id, flags, network, uuid in _NIC.iter_unpack(packed):
        address = str(IPv4Address(ip)) if ip != b"\0\0\0\0" else ""
        kind = _kinds.text(flags >> 1)
        yield NicSpec(
            mac.hex(":"), address, _networks.text(network), _unpack_uuid(uuid), device_id, kind, bool(flags & 1)
        )


def pack_disk(disk: DiskSpec, storage: SharedStorage) -> bytes:
    pool = storage.pack_pool(disk.pool) if disk.pool else bytes(4)
    volume = storage.pack(disk.volume) if disk.volume else bytes(16)
    return _DISK.pack(volume, pool, disk.device_id & 0xFFFF, _kinds.number(disk.kind))


def unpack_disks(packed: bytes, storage: SharedStorage) -> Iterator[DiskSpec]:
    for volume, pool, device_id, kind in _DISK.iter_unpack(packed):
        where = storage.unpack_pool(pool) if pool != bytes(4) else ""
        what = storage.unpack(volume) if volume != bytes(16) else ""
        yield DiskSpec(where, what, device_id, _kinds.text(kind))


def _pack_uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", "")) if is_uuid(text) else bytes(16)


def _unpack_uuid(packed: bytes) -> str:
    return str(UUID(bytes=packed)) if packed != bytes(16) else ""
