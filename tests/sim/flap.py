"""Hours of a fleet that flaps: each minute a share of it loses its links and comes back, with pings and power reports.

Nothing may grow by that, no host may count as lost, and the store may hardly notice. What grows is found by counting:
every container that the control process and the gateways hold is measured by name, so one that nobody thought of is
measured too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Set
from typing import Any

from tests.sim.life import VMS
from tests.sim.simulation import HOSTS, Chaos, Simulation

from lakh.resources.alert.row import AlertRow
from lakh.store.statement import select

ALERTS = select("test.sim.alerts", AlertRow, "ORDER BY id")

SHARE = 0.1
MINUTE = 60.0
INSTANCES_EACH = 0.2
"""Instances per host, which its power reports name."""


class Flap(Simulation):
    """`measured` maps the minute to what is held then; `statements` to how many had been executed."""

    def __init__(self, seed: int, hosts: int, minutes: int, look_at: tuple[int, int]) -> None:
        super().__init__(seed, Chaos(hosts=hosts, deaths=0))
        self.minutes, self.look_at = minutes, look_at
        self.measured: dict[int, dict[str, int]] = {}
        self.statements: dict[int, int] = {}
        self.lost: set[tuple[str, str]] = set()
        self.reconnects = 0

    async def _run(self) -> None:
        await self.prepare()
        self.mood.calm = True
        await self._deploy(int(self.chaos.hosts * INSTANCES_EACH))
        for minute in range(1, self.minutes + 1):
            await self._minute()
            if minute in self.look_at:
                self.measured[minute] = dict(self._held())
                self.statements[minute] = int(self.store.counters()["statements"])
        self._check_watch()
        await self.check()
        self.states = {vm.state for vm in await self.store.rows(VMS)}
        self.alerts = [alert.subject for alert in await self.store.rows(ALERTS)]

    async def _deploy(self, count: int) -> None:
        made = self.ground.made
        for number in range(count):
            parameters = {
                "zoneid": made.zone.id, "templateid": made.template.id, "serviceofferingid": made.offering.id,
                "networkids": [made.network.id], "name": f"vm-{number}",
            }  # fmt: skip
            job = await self.life.ask(self.server.cloud, "deployVirtualMachine", parameters)
            assert job is not None
            await self.server.cloud.worker.wait(job)

    async def _minute(self) -> None:
        """Some links break at its beginning; at its end all are back."""
        for machine in self.random.sample(self.machines, max(1, int(len(self.machines) * SHARE))):
            machine.cut()
            self.reconnects += 1
        await asyncio.sleep(MINUTE)
        self.lost |= {(host.name, host.status) for host in await self.store.rows(HOSTS) if host.status != "Up"}

    # --- what is held ------------------------------------------------------------------------------------------------
    def _held(self) -> Iterator[tuple[str, int]]:
        """(where, how many) of every container there is."""
        loop: Any = asyncio.get_running_loop()
        yield "tasks", len(asyncio.all_tasks())
        yield "timers", len(loop._scheduled)
        cloud = self.server.cloud
        roots: dict[str, Any] = {f"part {kind.__name__}": part for kind, part in cloud._parts.items()}
        roots |= {"worker": cloud.worker, "snapshots": cloud.snapshots, "agents": self.server.agents}
        roots["bus"] = self.server.gateways
        assert self.server.gateways is not None
        # Which gateway an agent comes to is chance: of both together.
        both = [*(g.gateway for g in self.gateways)]
        sums: dict[str, int] = {}
        seen: set[int] = {id(cloud), id(self.store)}
        for name, root in [*roots.items(), *(("gateway", gateway) for gateway in both)]:
            for where, size in _containers(name, root, seen, 4):
                sums[where] = sums.get(where, 0) + size
        for connected in self.server.gateways._connected:
            for where, size in _containers("bus gateway", connected, seen, 1):
                sums[where] = sums.get(where, 0) + size
        yield from sums.items()


def _containers(path: str, thing: Any, seen: set[int], depth: int) -> Iterator[tuple[str, int]]:
    """Containers among the attributes of an object of ours, and of the objects it holds itself."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping | Set | list | deque):
        yield path, len(thing)
    elif depth and type(thing).__module__.startswith("lakh."):
        for name in _attributes(thing):
            yield from _containers(f"{path}.{name}", getattr(thing, name, None), seen, depth - 1)


def _attributes(thing: Any) -> list[str]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return sorted({*getattr(thing, "__dict__", ()), *slots})
