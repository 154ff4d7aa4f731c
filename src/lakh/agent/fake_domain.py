"""Domains in memory in some 160 bytes each: one packed record, unpacked while somebody works on it.

The command that started a domain is 13.7 KiB of JSON and never kept. A host's records stand in a list that is looked
through: a host runs ten domains or some hundred, and a dictionary would cost each of them a name and an entry more.
Words that come again and again (kinds, networks, pools) are numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import NamedTuple
from uuid import UUID

from lakh.agent.fake_storage import SharedStorage
from lakh.agent.hypervisor import DiskSpec, DomainSpec, NicSpec, RefusedError
from lakh.base.ids import is_uuid

_FIXED = struct.Struct("<16sQ")
_HEAD = struct.Struct("<BIIQQBB")  # kind, CPUs, speed, memory from and to, interfaces, disks
_NIC = struct.Struct("<6s4sBBI16s")
_DISK = struct.Struct("<16s4sHB")
_NAME_BYTES = 255
_NETWORKS = 1_000_000  # of one process; the rest count as one


class Shape(NamedTuple):
    """What an offering makes of a domain. Memory in bytes, speed in MHz."""

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


class Domain:
    """A defined domain as one works on it. `extra` holds what few domains have: boot arguments, snapshots."""

    __slots__ = ("disks", "extra", "fixed", "name", "nics", "shape")

    def __init__(self, name: str, shape: Shape, fixed: bytes, nics: bytes, disks: bytes, extra: Extra | None) -> None:
        self.name = name
        self.shape = shape
        self.fixed = fixed
        self.nics = nics
        self.disks = disks
        self.extra = extra

    @classmethod
    def of(cls, spec: DomainSpec, storage: SharedStorage) -> Domain:
        """Refuses a name that no file could have; raises ValueError for an address that is none."""
        if len(spec.name.encode()) > _NAME_BYTES:
            raise RefusedError(f"domain {spec.name[:40]}…: a name has at most {_NAME_BYTES} bytes")
        return cls(
            spec.name,
            Shape(spec.kind, spec.cpus, spec.speed, spec.min_ram, spec.max_ram),
            _FIXED.pack(_pack_uuid(spec.uuid), spec.vm_id & 0xFFFFFFFFFFFFFFFF),
            b"".join(map(pack_nic, spec.nics)),
            b"".join(pack_disk(disk, storage) for disk in spec.disks),
            Extra(spec.boot_args) if spec.boot_args else None,
        )

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


class Domains:
    """The domains of one host by name. What is taken out is a copy: `put` it back once it is changed."""

    __slots__ = ("_extras", "_records")

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._extras: dict[str, Extra] | None = None

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def __iter__(self) -> Iterator[Domain]:
        for record in tuple(self._records):
            yield self._unpack(record)

    def names(self) -> list[str]:
        return [record[1 : 1 + record[0]].decode() for record in self._records]

    def get(self, name: str) -> Domain | None:
        at = self._find(name)
        return None if at is None else self._unpack(self._records[at])

    def put(self, domain: Domain) -> None:
        """Adds it, or replaces the one of its name."""
        name, shape = domain.name.encode(), domain.shape
        head = _HEAD.pack(
            _kinds.number(shape.kind), shape.cpus, shape.speed, shape.min_ram, shape.max_ram,
            len(domain.nics) // _NIC.size, len(domain.disks) // _DISK.size,
        )  # fmt: skip
        record = b"".join((bytes((len(name),)), name, head, domain.fixed, domain.nics, domain.disks))
        at = self._find(domain.name)
        if at is None:
            self._records.append(record)
        else:
            self._records[at] = record
        if domain.extra is not None:
            self._extras = self._extras or {}
            self._extras[domain.name] = domain.extra

    def pop(self, name: str) -> Domain | None:
        at = self._find(name)
        if at is None:
            return None
        domain = self._unpack(self._records.pop(at))
        if domain.extra is not None and self._extras is not None:
            del self._extras[name]
        return domain

    def _find(self, name: str) -> int | None:
        text = name.encode()
        if len(text) > _NAME_BYTES:
            return None
        start = bytes((len(text),)) + text
        for at, record in enumerate(self._records):
            if record.startswith(start):
                return at
        return None

    def _unpack(self, record: bytes) -> Domain:
        end = 1 + record[0]
        name = record[1:end].decode()
        kind, cpus, speed, min_ram, max_ram, nics, disks = _HEAD.unpack_from(record, end)
        fixed = end + _HEAD.size
        first_nic = fixed + _FIXED.size
        first_disk = first_nic + nics * _NIC.size
        extra = self._extras.get(name) if self._extras else None
        shape = Shape(_kinds.text(kind), cpus, speed, min_ram, max_ram)
        last = first_disk + disks * _DISK.size
        return Domain(
            name, shape, record[fixed:first_nic], record[first_nic:first_disk], record[first_disk:last], extra
        )


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
