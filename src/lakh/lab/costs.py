"""What deployments cost, by part: two looks at everybody's processor time and counters, and the difference for each VM.

Parts are processes, but for the control process, whose event loop and threads (they work for the store) are told apart.
What the idle installation takes (pings of all hosts, timers) is measured first and taken off the parts, as a row of its
own. What requests take is measured with polls of a job that has ended, on the idle server, and taken off the loop's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lakh.contract.client import Client
from lakh.lab.load import DEPLOY, Outcome
from lakh.lab.machine import main_thread_seconds
from lakh.lab.report import StatementCost
from lakh.lab.run import Run
from lakh.lab.stand import Stand

IDLE_SECONDS: Final = 8.0
POLLS: Final = 2000
ASKERS: Final = 50
"""As many at once as the usual number of workers: a request alone costs a turn of the loop for itself."""
GATEWAY_FIGURES_SECONDS: Final = 1.2
"""Gateways tell theirs once a second."""
STATEMENTS: Final = 'lakh_store_total{what="statements"}'
TRANSACTIONS: Final = 'lakh_store_total{what="transactions"}'
STATEMENTS_TOLD: Final = 40
PARTS: Final = ("control loop", "control threads", "gateways", "fleet", "postgresql")


@dataclass(slots=True)
class Look:
    """CPU seconds by part and the server's counters at one moment."""

    at: float
    cpu: dict[str, float]
    counters: dict[str, float]

    def used(self, before: Look, part: str) -> float:
        """CPU seconds since `before`; 0 for a part that is not there."""
        return self.cpu.get(part, 0.0) - before.cpu.get(part, 0.0)

    def grown(self, before: Look, name: str) -> float:
        return self.counters.get(name, 0.0) - before.counters.get(name, 0.0)


async def look(stand: Stand) -> Look:
    """Looks at everybody."""
    assert stand.server is not None
    cpu = stand.cpu()
    loop = main_thread_seconds(stand.server.part_pids()["control"])
    cpu["control loop"], cpu["control threads"] = loop, max(0.0, cpu["control"] - loop)
    return Look(time.monotonic(), cpu, await stand.metrics())


@dataclass(slots=True)
class Idle:
    """What is taken when nobody deploys: CPU seconds per second by part, and the control loop's for one request."""

    cpu: dict[str, float] = field(default_factory=dict)
    request_seconds: float = 0.0


async def idle(run: Run, user: Client, job_uuid: str) -> Idle:
    """Measures the installation as it is, idle; then polls a job that has ended."""
    stand = run.stand
    before = await look(stand)
    await asyncio.sleep(IDLE_SECONDS)
    after = await look(stand)
    seconds = after.at - before.at
    found = Idle({part: after.used(before, part) / seconds for part in PARTS})

    async def ask() -> None:
        for _ in range(POLLS // ASKERS):
            await user.call("queryAsyncJobResult", jobid=job_uuid)

    await asyncio.gather(*(ask() for _ in range(ASKERS)))
    asked = await look(stand)
    used = asked.cpu["control loop"] - after.cpu["control loop"]
    found.request_seconds = max(0.0, used - found.cpu["control loop"] * (asked.at - after.at)) / POLLS
    run.figure("idle_cpu", sum(found.cpu.values()) * 100, "% of a core")
    return found


@dataclass(slots=True)
class Cost:
    """Of one VM: CPU in ms by row of the budget, statements, transactions, requests to hosts, polls."""

    cpu_ms: dict[str, float]
    statements: float
    transactions: float
    host_requests: float
    polls: float

    @property
    def cpu_ms_all(self) -> float:
        return sum(self.cpu_ms.values())

    @property
    def cpu_ms_control(self) -> float:
        return sum(self.cpu_ms[row] for row in ("http", "jobs", "store"))


def cost(before: Look, after: Look, outcome: Outcome, quiet: Idle) -> Cost:
    """What each of the outcome's VMs cost between two looks."""
    vms, seconds = max(1, outcome.deployed), after.at - before.at
    used = {part: after.used(before, part) for part in PARTS}
    background = {part: min(used[part], quiet.cpu.get(part, 0.0) * seconds) for part in PARTS}
    http = min(quiet.request_seconds * outcome.requests, used["control loop"] - background["control loop"])
    rows = {
        "client": outcome.cpu_seconds,
        "http": http,
        "jobs": used["control loop"] - background["control loop"] - http,
        "store": used["control threads"] - background["control threads"],
        "gateways": used["gateways"] - background["gateways"],
        "fleet": used["fleet"] - background["fleet"],
        "background": sum(background.values()),
    }
    if "postgresql" in after.cpu:
        rows["postgresql"] = used["postgresql"] - background["postgresql"]
    return Cost(
        {name: value * 1000 / vms for name, value in rows.items()},
        after.grown(before, STATEMENTS) / vms,
        after.grown(before, TRANSACTIONS) / vms,
        after.grown(before, "lakh_gateway_calls_total") / vms,
        outcome.polls / vms,
    )


def tell(run: Run, found: Cost, prefix: str = "") -> None:
    """Figures of a cost."""
    for row, value in found.cpu_ms.items():
        run.figure(f"{prefix}cpu_{row}", value, "ms per VM")
    run.figure(f"{prefix}cpu_control", found.cpu_ms_control, "ms per VM")
    run.figure(f"{prefix}cpu", found.cpu_ms_all, "ms per VM")
    run.figure(f"{prefix}sql_statements", found.statements, "per VM")
    run.figure(f"{prefix}transactions", found.transactions, "per VM")
    run.figure(f"{prefix}host_requests", found.host_requests, "per VM")
    run.figure(f"{prefix}polls", found.polls, "per VM")


def statement_costs(before: Look, after: Look, vms: int) -> list[StatementCost]:
    """The statements that took the most time between two looks, divided by the VMs."""
    start = 'lakh_statement_seconds_total{statement="'
    found = []
    for counter in after.counters:
        if counter.startswith(start):
            name = counter[len(start) : -2]
            runs = after.grown(before, f'lakh_statement_runs_total{{statement="{name}"}}')
            found.append(StatementCost(name, runs / max(1, vms), after.grown(before, counter) * 1000 / max(1, vms)))
    return sorted(found, key=lambda cost: -cost.milliseconds)[:STATEMENTS_TOLD]


def server_seconds(before: Look, after: Look, part: float, command: str = DEPLOY) -> float:
    """From acceptance to end, as the server measured: the upper bound of the histogram's slot, at most 1.41 times the
    true value. 0 for none."""
    ended = _buckets(after.counters, command)
    begun = _buckets(before.counters, command)
    grown = sorted((bound, count - begun.get(bound, 0.0)) for bound, count in ended.items())
    total = grown[-1][1] if grown else 0.0
    if not total:
        return 0.0
    return next(bound for bound, count in grown if count >= part * total)


def _buckets(counters: Mapping[str, float], command: str) -> dict[float, float]:
    start = f'lakh_job_seconds_bucket{{command="{command}",le="'
    return {float(name[len(start) : -2]): value for name, value in counters.items() if name.startswith(start)}
