"""A hypervisor in memory that refuses what a real one would.

It is strict so that a control plane which works against it works against hosts: no second domain of a name, no MAC or
address twice, no start without the volumes on a connected pool, no more memory than there is, no volume opened by two
hosts. What is global to a fleet stands in SharedStorage and SharedAddresses; the rest is this host's own.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from lakh.agent.fake_addresses import SharedAddresses
from lakh.agent.fake_domain import Domain, Extra, Shape, pack_disk, pack_nic, unpack_disks, unpack_nics
from lakh.agent.fake_kept import Diary, FakeKept
from lakh.agent.fake_storage import SharedStorage
from lakh.agent.hypervisor import (
    POWER_OFF,
    POWER_ON,
    SYSTEM_VM_KINDS,
    DiskSpec,
    DomainSpec,
    DomainState,
    Facts,
    NicSpec,
    RefusedError,
    Usage,
)
from lakh.base.clock import Clock

_FIRST_CONSOLE_PORT = 5900
_CONSOLE_PORTS = 4096


class SystemVmWatcher(Protocol):
    """Hears of system VMs, whose own agents somebody plays."""

    def started(self, host: str, spec: DomainSpec) -> None: ...
    def rebooted(self, host: str, name: str) -> None: ...
    def stopped(self, host: str, name: str) -> None: ...
    def departed(self, name: str, number: int) -> None: ...


class FakeHypervisor(FakeKept):
    """One host. `number` is its number in the fleet, from 1."""

    __slots__ = ("_clock", "_facts", "_incoming", "_watcher")

    def __init__(
        self,
        facts: Facts,
        number: int,
        storage: SharedStorage,
        clock: Clock,
        addresses: SharedAddresses | None = None,
        watcher: SystemVmWatcher | None = None,
        diary: Diary | None = None,
    ) -> None:
        super().__init__(storage, number, addresses, diary)
        self._facts = facts
        self._clock = clock
        self._watcher = watcher
        self._incoming: dict[str, Domain] | None = None
        self.regain_power()

    @property
    def facts(self) -> Facts:
        return self._facts

    @property
    def reserved_bytes(self) -> int:
        """Memory that running and announced domains hold."""
        return self._reserved

    # --- domains -----------------------------------------------------------------------------------------------------
    def start(self, spec: DomainSpec) -> None:
        self._settle()
        if spec.name in (self._domains or ()) or spec.name in (self._incoming or ()):
            raise RefusedError(f"domain {spec.name} already exists on this host")
        self._check_room(spec.min_ram, spec.max_ram)
        self._check_devices(spec.nics, spec.disks)
        domain = Domain.of(spec, self._storage)  # before anything is taken: it may find an address that is none
        self._claim(spec.nics)
        try:
            self._lock_all(spec.disks)
        except RefusedError:
            self._release(spec.nics)
            raise
        self._put(domain)
        self._reserved += spec.min_ram
        if self._watcher and spec.kind in SYSTEM_VM_KINDS:
            self._watcher.started(self._facts.name, spec)

    def stop(self, name: str) -> bool:
        self._settle()
        domain = self._take(name)
        if domain is None:
            return False
        self._forget(domain)
        return True

    def reboot(self, name: str) -> None:
        domain = self._get(name)
        if self._watcher and domain.shape.kind in SYSTEM_VM_KINDS:
            self._watcher.rebooted(self._facts.name, name)

    def power(self, name: str) -> str:
        self._settle()
        return POWER_ON if name in (self._domains or ()) else POWER_OFF

    def power_report(self) -> Mapping[str, str]:
        self._settle()
        if not self._domains:
            return {}
        return dict.fromkeys(self._domains.names(), POWER_ON)

    def domain(self, name: str) -> DomainState:
        return self._state(self._get(name))

    def domains(self) -> Iterator[DomainState]:
        self._settle()
        for domain in self._domains or ():
            yield self._state(domain)

    def shapes(self) -> Iterator[Shape]:
        """Of each domain what its offering made of it: for sums, without unpacking disks and interfaces."""
        self._settle()
        for domain in self._domains or ():
            yield domain.shape

    def scale(self, name: str, cpus: int, speed: int, min_ram: int, max_ram: int) -> None:
        domain = self._get(name)
        more = min_ram - domain.shape.min_ram
        if more > 0:
            self._check_room(more, max_ram)
        domain.shape = Shape(domain.shape.kind, cpus, speed, min_ram, max_ram)
        self._put(domain)
        self._reserved += more

    def lose_power(self) -> list[str]:
        """The host dies with all its domains and forgets its pools. Returns the domains' names."""
        self._settle()
        lost = list(self._domains or ())
        for domain in lost:
            self._take(domain.name)
            self._forget(domain)
        for name in list(self._incoming or ()):
            self.cancel_incoming(name)
        self._set_pools(frozenset())
        if self._addresses is not None:
            self._addresses.set_beating(self._facts.private_ip, False)
        return [domain.name for domain in lost]

    def regain_power(self) -> None:
        """The host is up, with nothing on it."""
        if self._addresses is not None:
            self._addresses.set_beating(self._facts.private_ip, True)

    def beats(self, private_ip: str) -> bool | None:
        return self._addresses.beats(private_ip) if self._addresses is not None else None

    def recalled(self) -> list[DomainSpec]:
        lost = super().recalled()
        for domain in self._domains or ():
            if self._watcher and domain.shape.kind in SYSTEM_VM_KINDS:
                self._watcher.started(self._facts.name, domain.spec(self._storage))
        return lost

    # --- disks and interfaces of a running domain --------------------------------------------------------------------
    def attach(self, name: str, disk: DiskSpec) -> None:
        domain = self._get(name)
        for present in unpack_disks(domain.disks, self._storage):
            if present == disk:
                return
            if present.device_id == disk.device_id and disk.volume:
                raise RefusedError(f"domain {name} already has a disk on device {disk.device_id}")
            if disk.volume and (present.pool, present.volume) == (disk.pool, disk.volume):
                raise RefusedError(f"volume {disk.volume} is already attached to {name}")
        packed = pack_disk(disk, self._storage)
        self._lock_all([disk])
        domain.disks += packed
        self._put(domain)

    def detach(self, name: str, disk: DiskSpec) -> None:
        domain = self._get(name)
        disks = list(unpack_disks(domain.disks, self._storage))
        kept = [d for d in disks if (d.pool, d.volume) != (disk.pool, disk.volume)]
        if len(kept) == len(disks):
            raise RefusedError(f"volume {disk.volume} is not attached to {name}")
        self._unlock_all([disk])
        domain.disks = b"".join(pack_disk(d, self._storage) for d in kept)
        self._put(domain)

    def plug(self, name: str, nic: NicSpec) -> None:
        domain = self._get(name)
        if any(n.mac.lower() == nic.mac.lower() and n.nic_uuid == nic.nic_uuid for n in unpack_nics(domain.nics)):
            return
        packed = pack_nic(nic)
        self._claim([nic])
        domain.nics += packed
        self._put(domain)

    def unplug(self, name: str, mac: str) -> None:
        """A missing interface is no error: the caller wants it gone."""
        domain = self._get(name)
        nics = list(unpack_nics(domain.nics))
        self._release([n for n in nics if n.mac.lower() == mac.lower()])
        domain.nics = b"".join(pack_nic(n) for n in nics if n.mac.lower() != mac.lower())
        self._put(domain)

    def set_link(self, name: str, mac: str, enabled: bool) -> None:
        domain = self._get(name)
        nics = list(unpack_nics(domain.nics))
        if not any(n.mac.lower() == mac.lower() for n in nics):
            raise RefusedError(f"domain {name} has no interface {mac}")
        domain.nics = b"".join(
            pack_nic(n._replace(enabled=enabled) if n.mac.lower() == mac.lower() else n) for n in nics
        )
        self._put(domain)

    # --- moves -------------------------------------------------------------------------------------------------------
    def prepare_incoming(self, spec: DomainSpec) -> None:
        self._settle()
        if spec.name in (self._domains or ()):
            raise RefusedError(f"domain {spec.name} already exists on this host")
        self.cancel_incoming(spec.name)  # what was announced before: the domain may have other disks by now
        self._check_room(spec.min_ram, spec.max_ram)
        for disk in spec.disks:
            if disk.volume:
                self._require(disk.pool, disk.volume)
        if self._addresses is None:
            raise RefusedError("this host knows no other hosts to receive domains from")
        domain = Domain.of(spec, self._storage)
        if self._incoming is None:
            self._incoming = {}
        self._incoming[spec.name] = domain
        self._reserved += spec.min_ram
        self._addresses.prepare_move(spec.name, self._facts.private_ip, self._number)

    def cancel_incoming(self, name: str) -> None:
        self._settle()
        domain = (self._incoming or {}).pop(name, None)
        if domain is not None and self._addresses is not None:
            self._reserved -= domain.shape.min_ram
            self._addresses.cancel_move(name, self._facts.private_ip)

    def migrate(self, name: str, destination_ip: str, left_behind: Collection[str] = ()) -> None:
        domain = self._get(name)
        if self._addresses is None:
            raise RefusedError("this host knows no other hosts to send domains to")
        taker = self._addresses.destination(name, destination_ip)
        for disk in unpack_disks(domain.disks, self._storage):
            if disk.volume:
                heir = 0 if disk.volume in left_behind else taker
                self._storage.pass_lock(disk.pool, disk.volume, self._number, heir)
        self._addresses.hand_over(unpack_nics(domain.nics), taker)
        self._addresses.arrive(name, destination_ip, taker)
        self._take(name)
        self._reserved -= domain.shape.min_ram
        if self._watcher and domain.shape.kind in SYSTEM_VM_KINDS:
            self._watcher.departed(name, taker)

    def _settle(self) -> None:
        """Takes in announced domains that their sources have sent meanwhile."""
        if not self._incoming or self._addresses is None:
            return
        for name in list(self._incoming):
            if self._addresses.has_arrived(name, self._facts.private_ip):
                domain = self._incoming.pop(name)
                for disk in unpack_disks(domain.disks, self._storage):
                    if disk.volume:  # a volume that was copied along is nobody's yet
                        self._storage.pass_lock(disk.pool, disk.volume, 0, self._number)
                self._put(domain)
                if self._watcher and domain.shape.kind in SYSTEM_VM_KINDS:
                    self._watcher.started(self._facts.name, domain.spec(self._storage))

    # --- VM snapshots ------------------------------------------------------------------------------------------------
    def snapshot_domain(self, name: str, snapshot: str, with_memory: bool) -> None:
        domain = self._get(name)
        domain.extra = domain.extra or Extra()
        domain.extra.snapshots[snapshot] = with_memory
        self._put(domain)

    def delete_domain_snapshot(self, name: str, snapshot: str) -> None:
        """A missing snapshot or domain is no error: the caller wants it gone."""
        domain = self._domains.get(name) if self._domains else None
        if domain is not None and domain.extra is not None and domain.extra.snapshots.pop(snapshot, None) is not None:
            self._put(domain)

    def revert_domain(self, name: str, snapshot: str) -> None:
        domain = self._get(name)
        if domain.extra is None or snapshot not in domain.extra.snapshots:
            raise RefusedError(f"domain {name} has no snapshot {snapshot}")

    # --- figures -----------------------------------------------------------------------------------------------------
    def host_usage(self) -> Usage:
        busy = sum(domain.shape.cpus for domain in self._domains or ())
        percent = min(100.0, 1.0 + 8.0 * busy / max(1, self._facts.cpus))
        return self._usage(self._facts.name, percent, self._reserved)

    def domain_usage(self, name: str) -> Usage:
        domain = self._get(name)
        return self._usage(name, 2.0 + zlib.crc32(name.encode()) % 300 / 10, domain.shape.min_ram)

    def _usage(self, name: str, percent: float, memory_bytes: int) -> Usage:
        """Counters that only grow, at a rate of its own for each name."""
        rate = 1000 + zlib.crc32(name.encode()) % 50_000
        total = int(self._clock.monotonic() * rate)
        return Usage(
            percent, memory_bytes, total, total // 2, total * 2, total, total * 2 // 16384 + 1, total // 16384 + 1
        )

    # --- within ------------------------------------------------------------------------------------------------------
    def _get(self, name: str) -> Domain:
        self._settle()
        domain = self._domains.get(name) if self._domains else None
        if domain is None:
            raise RefusedError(f"domain {name} is not running on this host")
        return domain

    def _state(self, domain: Domain) -> DomainState:
        port = _FIRST_CONSOLE_PORT + zlib.crc32(domain.name.encode()) % _CONSOLE_PORTS
        return DomainState(domain.spec(self._storage), POWER_ON, port)

    def _forget(self, domain: Domain) -> None:
        self._unlock_all(unpack_disks(domain.disks, self._storage))
        self._release(list(unpack_nics(domain.nics)))
        self._reserved -= domain.shape.min_ram
        if self._watcher and domain.shape.kind in SYSTEM_VM_KINDS:
            self._watcher.stopped(self._facts.name, domain.name)

    def _check_room(self, min_ram: int, max_ram: int) -> None:
        room = self._facts.memory_bytes - self._reserved
        if min_ram > room or max_ram > self._facts.memory_bytes:
            raise RefusedError(f"cannot allocate memory: {max(min_ram, 0)} bytes asked, {room} free")

    def _check_devices(self, nics: Sequence[NicSpec], disks: Sequence[DiskSpec]) -> None:
        for disk in disks:
            if disk.volume:
                self._require(disk.pool, disk.volume)
        devices = [disk.device_id for disk in disks]
        if len(set(devices)) != len(devices):
            raise RefusedError("two disks have the same device number")
        macs = [nic.mac.lower() for nic in nics]
        if len(set(macs)) != len(macs):
            raise RefusedError("two interfaces have the same MAC address")

    def _claim(self, nics: Sequence[NicSpec]) -> None:
        """Refuses what is in use here or, where the fleet keeps a register, anywhere."""
        if self._addresses is None or any(nic.kind == "Control" for nic in nics):
            for domain in self._domains or ():
                for used in unpack_nics(domain.nics):
                    for nic in nics:
                        if used.mac == nic.mac.lower():
                            raise RefusedError(f"MAC address {nic.mac} is already in use")
                        if nic.ip and (used.ip, used.network) == (nic.ip, nic.network):
                            raise RefusedError(f"IP address {nic.ip} of network {nic.network} is already in use")
        if self._addresses is not None:
            self._addresses.claim(nics, self._number)

    def _release(self, nics: Sequence[NicSpec]) -> None:
        if self._addresses is not None:
            self._addresses.release(nics, self._number)
