"""What goes wrong in a simulated cloud: hosts, agents, gateways, the server and its store, and what people do to hosts
behind its back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tests.sim.machines import Machine

from lakh.agent.hypervisor import DomainSpec, RefusedError

STRANGER = "stranger"
"""A domain of this name is none of ours."""


class Stage(Protocol):
    """What can be broken."""

    random: Any
    machines: list[Machine]

    async def startable(self) -> list[DomainSpec]:
        """Stopped VMs without a job, whose disks are still those with which they last ran."""
        ...

    def note(self, *what: object) -> None: ...
    async def restart_server(self, *, gently: bool) -> None: ...
    async def lose_store(self, seconds: float) -> None: ...
    async def lose_gateway(self, seconds: float) -> None: ...


class Trouble:
    """Makes trouble. `made` counts it by kind; `dead` are machines that never come back."""

    def __init__(self, stage: Stage, deaths: int) -> None:
        self._stage = stage
        self._random = stage.random
        self._deaths = deaths
        self.made: dict[str, int] = {}
        self.dead: list[Machine] = []
        self.started: set[str] = set()  # domains, behind our back
        self.kinds: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "cut": (12, self._cut),
            "hang": (5, self._hang),
            "isolate": (3, self._isolate),
            "restart agent": (3, self._restart_agent),
            "stop agent": (1, self._stop_agent),
            "reboot": (2, self._reboot),
            "die": (0.7, self._die),
            "stop behind our back": (4, self._stop_domain),
            "start behind our back": (4, self._start_domain),
            "stranger": (1, self._stranger),
            "crash": (3, lambda: self._stage.restart_server(gently=False)),
            "restart": (1, lambda: self._stage.restart_server(gently=True)),
            "store away": (2, lambda: self._stage.lose_store(self._random.choice([1, 5, 20, 60]))),
            "gateway lost": (1.5, lambda: self._stage.lose_gateway(self._random.choice([1, 5, 45]))),
        }

    async def next(self) -> None:
        names = list(self.kinds)
        name: str = self._random.choices(names, [weight for weight, _ in self.kinds.values()])[0]
        self.made[name] = self.made.get(name, 0) + 1
        self._stage.note("trouble", name)
        await self.kinds[name][1]()

    async def end(self) -> None:
        """Everything works again, but for the dead; strangers leave."""
        for machine in self._stage.machines:
            machine.unreachable = False
            if machine in self.dead:
                continue
            if not machine.powered:
                machine.regain_power()
            elif machine.session.frozen:
                machine.heal()
            elif machine.session.stopped:
                machine.session.revive(1.0)
            for name in [name for name in machine.host.hypervisor.power_report() if name.startswith(STRANGER)]:
                machine.host.hypervisor.stop(name)

    # --- hosts -------------------------------------------------------------------------------------------------------
    def _some(self) -> Machine | None:
        """One that is powered and does its work."""
        fine = [m for m in self._stage.machines if m.powered and not m.session.frozen and not m.session.stopped]
        return self._random.choice(fine) if fine else None

    async def _cut(self) -> None:
        for _ in range(self._random.choice([1, 1, 1, 3])):
            if machine := self._some():
                machine.cut()

    async def _hang(self) -> None:
        if machine := self._some():
            machine.freeze()
            await self._wait(self._random.choice([5, 30, 100, 400]))
            if machine.session.frozen:
                machine.heal()

    async def _isolate(self) -> None:
        if machine := self._some():
            machine.isolate()
            await self._wait(self._random.choice([10, 70, 300, 2400]))
            machine.unreachable = False

    async def _restart_agent(self) -> None:
        if machine := self._some():
            machine.restart_agent(self._random.uniform(2, 30))

    async def _stop_agent(self) -> None:
        if machine := self._some():
            machine.stop_agent()
            await self._wait(self._random.choice([20, 200]))
            if machine.powered and machine.session.stopped:
                machine.session.revive(0.0)

    async def _reboot(self) -> None:
        if machine := self._some():
            self._stage.note("lost", *machine.lose_power())
            await self._wait(self._random.choice([40, 90, 300]))
            if not machine.powered and machine not in self.dead:
                machine.regain_power()

    async def _die(self) -> None:
        if len(self.dead) < self._deaths and (machine := self._some()):
            self.dead.append(machine)
            self._stage.note("lost", *machine.lose_power())

    # --- behind our back ---------------------------------------------------------------------------------------------
    async def _stop_domain(self) -> None:
        running = [(m, name) for m in self._stage.machines if m.powered for name in m.host.hypervisor.power_report()]
        if running:
            machine, name = self._random.choice(running)
            machine.host.hypervisor.stop(name)
            self._stage.note("stopped", machine.name, name)

    async def _start_domain(self) -> None:
        """A stopped VM of ours, as it last ran, anywhere: libvirt takes it while its disks and addresses are free."""
        machine, startable = self._some(), await self._stage.startable()
        if machine is not None and startable:
            await self._start_there(machine, self._random.choice(startable))

    async def _stranger(self) -> None:
        if machine := self._some():
            number = self.made["stranger"]
            spec = DomainSpec(f"{STRANGER}-{number}", f"{number}", 0, "User", 1, 1000, 1 << 28, 1 << 28, (), ())
            await self._start_there(machine, spec)

    async def _start_there(self, machine: Machine, spec: DomainSpec) -> None:
        try:
            machine.host.hypervisor.start(spec)
        except RefusedError as error:
            self._stage.note("not started", machine.name, spec.name, str(error))
        else:
            self.started.add(spec.name)
            self._stage.note("started", machine.name, spec.name)

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
