"""What the scenarios that deploy have in common: the ground they stand on, one block of deployments, the proof."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from lakh.contract.client import Client, ClientError
from lakh.lab.costs import GATEWAY_FIGURES_SECONDS, STATEMENTS, Cost, Idle, Look, cost, idle, look
from lakh.lab.deployments import place
from lakh.lab.installation import Installation, Wanted, Zone
from lakh.lab.load import Outcome
from lakh.lab.loading import load, plan_for, targets
from lakh.lab.machine import memory_mb
from lakh.lab.plots import Chart
from lakh.lab.proof import prove
from lakh.lab.run import Run

FLEET: Final = {"cpus": "64", "memory": "256"}
"""Cores and GiB of each host: room for 256 of the VMs that are deployed."""
_UP_SECONDS: Final = 900.0
_SAMPLE_SECONDS: Final = 1.0
_READS: Final = 'lakh_store_total{what="read_statements"}'
_LAG: Final = "lakh_control_loop_lag_seconds"


@dataclass(slots=True)
class Ground:
    """A connected fleet, networks and templates, a VM in each zone, and what all that takes while nobody deploys."""

    installation: Installation
    user: Client
    quiet: Idle
    vms: int
    failures: list[str] = field(default_factory=list)


async def ready(run: Run, wanted: Sequence[Wanted] = (), hosts_per_cluster: int = 20) -> Ground:
    """Builds it. Raises LabError when hosts do not come Up, ClientError when a first VM cannot be deployed."""
    stand = run.stand
    await stand.start_server()
    installation = await stand.install(wanted, hosts_per_cluster)
    stand.screen.step(f"connecting {stand.agents:,} agents")
    stand.start_fleet(**FLEET)
    run.figure("connect_seconds", await stand.all_up(time.monotonic(), _UP_SECONDS), "s")
    user = await stand.furnish(installation)
    stand.screen.step("a first VM in each zone; then what all this takes while nobody deploys")
    job = ""
    for zone in installation.zones:
        made = await user.job("deployVirtualMachine", **place(installation, zone), name=f"first-{zone.name}")
        job = made["jobid"]
    return Ground(installation, user, await idle(run, user, job), len(installation.zones))


@dataclass(slots=True)
class Block:
    """Deployments of one plan, with the looks before and after."""

    outcome: Outcome
    before: Look
    after: Look
    cost: Cost

    @property
    def rate(self) -> float:
        return self.outcome.deployed / max(self.outcome.seconds, 1e-9)


async def block(run: Run, ground: Ground, name: str, vms: int, workers: int, zone: Zone | None = None) -> Block:
    """Deploys `vms` VMs, in one zone or in all."""
    stand, installation = run.stand, ground.installation
    where: dict[str, Any] = {} if zone is None else {"targets": targets(installation, [zone])}
    plan = plan_for(stand.api_port, installation, name=name, vms=vms, workers=workers, **where)
    before = await look(stand)
    with stand.screen.bar(vms) as advance:
        outcome = await load(plan, advance)
    await asyncio.sleep(GATEWAY_FIGURES_SECONDS)
    after = await look(stand)
    ground.vms += outcome.deployed
    ground.failures += outcome.failures
    return Block(outcome, before, after, cost(before, after, outcome, ground.quiet))


class Samples:
    """Looks at the server every second until cancelled: statements and lag over time, and the worst of it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.statements: dict[str, list[tuple[float, float]]] = {"reads": [], "writes": []}
        self.memory: dict[str, list[tuple[float, float]]] = {"server": [], "fleet": []}
        self.lag: list[tuple[float, float]] = []

    async def take(self) -> None:
        stand = self._run.stand
        began = last_at = time.monotonic()
        last: dict[str, float] = {}
        while True:
            with suppress(ClientError, OSError):
                counts = await stand.metrics()
                now = time.monotonic()
                at = round(now - began, 2)
                if last:
                    reads = counts.get(_READS, 0.0) - last.get(_READS, 0.0)
                    everything = counts.get(STATEMENTS, 0.0) - last.get(STATEMENTS, 0.0)
                    self.statements["reads"].append((at, reads / (now - last_at)))
                    self.statements["writes"].append((at, (everything - reads) / (now - last_at)))
                self.lag.append((at, counts.get(_LAG, 0.0) * 1000))
                last, last_at = counts, now
                assert stand.server is not None
                assert stand.fleet is not None
                self.memory["server"].append((at, memory_mb(stand.server.pids())))
                self.memory["fleet"].append((at, memory_mb(stand.fleet.pids())))
            await asyncio.sleep(_SAMPLE_SECONDS)

    def tell(self) -> None:
        """Figures and charts."""
        run = self._run
        run.figure("loop_lag_max", max((lag for _, lag in self.lag), default=0.0), "ms")
        for part, points in self.memory.items():
            run.figure(f"{part}_memory", max((used for _, used in points), default=0.0) / 1000, "GB")
        run.charts["sql"] = Chart("SQL statements", "1/s", self.statements)
        run.charts["lag"] = Chart("control loop: longest delay of the last 15 s", "ms", {"lag": self.lag})
        run.charts["memory"] = Chart("memory without file pages", "MB", self.memory)


async def proven(run: Run, ground: Ground) -> None:
    """Figures of failures and of the proof against the agents."""
    stand = run.stand
    assert stand.fleet is not None
    stand.screen.step("proving it against the agents")
    proof = await prove(stand.admin, stand.fleet, ground.vms)
    run.figure("vms_proven", proof.vms_checked, "")
    run.figure("failures", len(ground.failures), "")
    run.figure("mismatches", len(proof.mismatches), "")
    for text in (*ground.failures[:5], *proof.mismatches[:10]):
        stand.screen.say(f"  ! {text}")
