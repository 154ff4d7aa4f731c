"""System VMs of the fleet's hosts: when one starts, its own agent is played too (addendum 3, 4.5).

Its boot arguments tell whom to dial and who it is. It comes up a little after its VM, goes when the VM stops, and stays
connected while the VM moves between hosts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lakh.agent.host import CONSOLE_PROXY, SECONDARY_STORAGE, SystemVm
from lakh.agent.hypervisor import DomainSpec
from lakh.agent.startup import boot_map
from lakh.fleet.member import Address, Member


class Nursery(Protocol):
    """Makes members for system VMs."""

    def adopt(self, agent: SystemVm, servers: tuple[Address, ...]) -> Member: ...
    def new_system_vm(self, kind: str, name: str, boot: dict[str, str]) -> SystemVm: ...
    def later(self, seconds: float, call: Callable[[], None]) -> None: ...
    def holds(self, number: int) -> bool:
        """True when the host of that number is in this process."""
        ...


class SystemVms:
    """A SystemVmWatcher. `members` by instance name."""

    __slots__ = ("_boot_seconds", "_nursery", "_starts", "members")

    def __init__(self, nursery: Nursery, boot_seconds: float) -> None:
        self._nursery = nursery
        self._boot_seconds = boot_seconds
        self._starts: dict[str, int] = {}
        self.members: dict[str, Member] = {}

    def started(self, host: str, spec: DomainSpec) -> None:
        """A migration's arrival finds the agent still here, and a domain without boot arguments cannot have one."""
        if spec.name in self.members or not spec.boot_args:
            return
        turn = self._starts[spec.name] = self._starts.get(spec.name, 0) + 1
        self._nursery.later(self._boot_seconds, lambda: self._boot(spec, turn))

    def rebooted(self, host: str, name: str) -> None:
        member = self.members.get(name)
        if member is not None:
            member.session.die()
            member.session.revive(self._boot_seconds)

    def stopped(self, host: str, name: str) -> None:
        self._starts.pop(name, None)
        member = self.members.pop(name, None)
        if member is not None:
            member.session.die()

    def departed(self, name: str, number: int) -> None:
        """Moved to a host of another process: that one plays its agent from now on."""
        if not self._nursery.holds(number):
            self.stopped("", name)

    def _boot(self, spec: DomainSpec, turn: int) -> None:
        if self._starts.get(spec.name) != turn or spec.name in self.members:
            return
        boot = boot_map(spec.boot_args)
        for nic in spec.nics:
            boot.setdefault(f"eth{nic.device_id}ip", nic.ip)
            boot.setdefault(f"eth{nic.device_id}mac", nic.mac)
        kind = CONSOLE_PROXY if spec.kind == "ConsoleProxy" else SECONDARY_STORAGE
        boot.setdefault("proxy_vm", str(spec.vm_id))
        agent = self._nursery.new_system_vm(kind, boot.get("name") or spec.name, boot)
        port = int(boot.get("port") or 0)
        hosts = [host for host in boot.get("host", "").split("@")[0].split(",") if host]
        member = self._nursery.adopt(agent, tuple((host, port) for host in hosts) if port else ())
        self.members[spec.name] = member
        member.connect(0.0)
