"""What a fleet keeps over its own end: the VMs of its hosts, in a file of JSON lines for each process.

A host does not lose its VMs when the process that plays it ends: with `--state FOLDER` a fleet that is started again
with the same arguments has them again, after an orderly end or a kill -9. Every change is a line, written at once;
what a machine's own crash leaves of them is not promised. Volumes lie in a table of the same folder, image stores in a
journal there. The configuration of virtual routers is not kept.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from lakh.agent.fake import FakeHypervisor
from lakh.agent.host import Host
from lakh.agent.hypervisor import DomainSpec
from lakh.base.errors import LakhError

_READ_BYTES: Final = 1 << 20
_WASTE: Final = 10_000
"""Lines that say nothing any more, above as many as still do: then the file is written anew."""
_encode = msgspec.json.Encoder().encode


class StateError(LakhError):
    """The folder was kept by a fleet that was cut otherwise; the text says how."""


class _Domain(msgspec.Struct, array_like=True, tag="domain", frozen=True):
    number: int
    spec: DomainSpec
    snapshots: dict[str, bool] = {}


class _Gone(msgspec.Struct, array_like=True, tag="gone", frozen=True):
    number: int
    name: str


class _Pools(msgspec.Struct, array_like=True, tag="pools", frozen=True):
    number: int
    uuids: list[str]


class _Ruleset(msgspec.Struct, array_like=True, tag="ruleset", frozen=True):
    number: int
    name: str
    vm_id: int
    ruleset: int


_Entry = _Domain | _Gone | _Pools | _Ruleset
_decode = msgspec.json.Decoder(_Entry).decode


class FileDiary:
    """The diary of hosts `first` to `last`. Raises StateError where the folder holds hosts shared out otherwise."""

    def __init__(self, folder: Path, first: int, last: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"hosts-{first}-{last}.jsonl"
        self._check(folder, first, last)
        self._descriptor = self._open()

    def _check(self, folder: Path, first: int, last: int) -> None:
        for other in sorted(folder.glob("hosts-*.jsonl")):
            begin, end = (int(number) for number in other.stem.split("-")[1:])
            if other != self._path and begin <= last and first <= end:
                raise StateError(
                    f"--state {folder}: kept for hosts {begin} to {end} by one process, not {first} to {last}: "
                    "start the fleet with as many agents and processes as before"
                )

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _note(self, entry: _Entry) -> None:
        os.write(self._descriptor, _encode(entry) + b"\n")

    # --- Diary -------------------------------------------------------------------------------------------------------
    def domain(self, number: int, spec: DomainSpec, snapshots: Mapping[str, bool]) -> None:
        self._note(_Domain(number, spec, dict(snapshots)))

    def gone(self, number: int, name: str) -> None:
        self._note(_Gone(number, name))

    def pools(self, number: int, uuids: Collection[str]) -> None:
        self._note(_Pools(number, list(uuids)))

    def ruleset(self, number: int, name: str, vm_id: int, ruleset: int) -> None:
        self._note(_Ruleset(number, name, vm_id, ruleset))

    # --- recalling ---------------------------------------------------------------------------------------------------
    def recall(self, hosts: Mapping[int, DiaryHost]) -> list[str]:
        """Gives the hosts what they had; returns the names of VMs that could not be had again."""
        lines = self._read(hosts)
        lost, live = [], 0
        for host in hosts.values():
            lost += [spec.name for spec in host.fake.recalled()]
            here = host.fake.power_report()
            if host.rulesets:
                host.rulesets = {name: kept for name, kept in host.rulesets.items() if name in here} or None
            live += len(here) + len(host.rulesets or ()) + 1
        if lines > 2 * live + _WASTE:
            self._rewrite(hosts)
        return lost

    def _read(self, hosts: Mapping[int, DiaryHost]) -> int:
        """Number of lines. A last one that is not whole is cut off."""
        count, at, rest = 0, 0, b""
        while portion := os.pread(self._descriptor, _READ_BYTES, at):
            at += len(portion)
            lines = (rest + portion).split(b"\n")
            rest = lines.pop()
            count += len(lines)
            for line in lines:
                entry = _decode(line)
                hosts[entry.number].apply(entry)
        if rest:
            os.ftruncate(self._descriptor, at - len(rest))
        return count

    def _rewrite(self, hosts: Mapping[int, DiaryHost]) -> None:
        old, self._path = self._path, self._path.with_suffix(".new")
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)
        self._descriptor = self._open()
        for host in hosts.values():
            host.keep_all()
        self._path = self._path.rename(old)

    def close(self) -> None:
        os.close(self._descriptor)


class DiaryHost(Host):
    """A host whose rulesets are noted too. `number` is its number in the fleet."""

    __slots__ = ("diary", "number")

    diary: FileDiary
    number: int

    @property
    def fake(self) -> FakeHypervisor:
        assert isinstance(self.hypervisor, FakeHypervisor)
        return self.hypervisor

    def set_ruleset(self, vm: str, vm_id: int, ruleset: int) -> None:
        super().set_ruleset(vm, vm_id, ruleset)
        self.diary.ruleset(self.number, vm, vm_id, ruleset)

    def apply(self, entry: _Entry) -> None:
        """What a line says."""
        if isinstance(entry, _Domain):
            self.fake.recall(entry.spec, entry.snapshots)
        elif isinstance(entry, _Gone):
            self.fake.recall_gone(entry.name)
        elif isinstance(entry, _Pools):
            self.fake.recall_pools(entry.uuids)
        else:
            super().set_ruleset(entry.name, entry.vm_id, entry.ruleset)

    def keep_all(self) -> None:
        """Notes everything the host has."""
        self.fake.keep_all()
        for name, (vm_id, ruleset) in (self.rulesets or {}).items():
            self.diary.ruleset(self.number, name, vm_id, ruleset)
