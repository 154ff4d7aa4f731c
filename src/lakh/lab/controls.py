"""Scenario `controls`: the same deployments by 1, 2 and 4 control processes on PostgreSQL, and how they share the work.

Each number has a server, a database and a fleet of its own. What is proven besides what every scenario proves: no two
VMs of a network have one address, and every process did its part.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from typing import Any, Final

from lakh.lab.costs import GATEWAY_FIGURES_SECONDS
from lakh.lab.deploying import Block, Ground, block, proven, ready
from lakh.lab.plots import Chart
from lakh.lab.proof import listed
from lakh.lab.run import Run
from lakh.lab.stand import Stand

SUMMARY: Final = "1, 2, 4 control processes on PostgreSQL: rate in all and by process, CPU per VM, lost races, proof"
CONTROLS: Final = (1, 2, 4)
_PARTS: Final = ("client", "control", "gateways", "postgresql", "fleet", "background")
_FIGURE: Final = 'lakh_control_{name}{{control="{number}"}}'


async def drive(run: Run) -> None:
    """Fills the figures."""
    stand, asked = run.stand, run.parameters
    rates: list[tuple[float, float]] = []
    for controls in CONTROLS:
        stand.screen.step(f"{controls} control process{'es' if controls > 1 else ''}")
        await stand.begin_anew(f"server-{controls}")
        await stand.use_postgresql(f"postgresql-{controls}")
        stand.controls = controls
        ground = await ready(run, hosts_per_cluster=20)
        try:
            await _joined(stand, controls)
            rates.append((controls, await _deploy(run, ground, math.ceil(asked.vms / len(CONTROLS)))))
        finally:
            await ground.user.close()
    run.charts["rate"] = Chart("deployments a second", "1/s", {"rate": rates}, "control processes")


async def _deploy(run: Run, ground: Ground, vms: int) -> float:
    """One number of control processes; returns the rate."""
    stand, workers = run.stand, run.parameters.workers
    label = f"c{stand.controls}_"
    before = await _shares(stand)
    done = await block(run, ground, f"c{stand.controls}", vms, workers)
    after = await _shares(stand)
    run.figure(f"{label}deploys_per_second", done.rate, "1/s")
    for percent in (50, 99):
        run.figure(f"{label}vm_seconds_p{percent}", done.outcome.percentile(percent), "s")
    _tell_cpu(run, label, done)
    for number in range(1, stand.controls + 1):
        grown = {name: after[number][name] - value for name, value in before[number].items()}
        own = grown["deployments"]
        run.figure(f"{label}control_{number}_deploys_per_second", own / max(done.outcome.seconds, 1e-9), "1/s")
        run.figure(f"{label}control_{number}_cpu", grown["cpu_seconds"] * 1000 / max(1.0, own), "ms per own VM")
    lost = sum(after[n]["lost_races"] - before[n]["lost_races"] for n in after)
    run.figure(f"{label}lost_races", lost / max(1, done.outcome.deployed), "per VM")
    await proven(run, ground)
    for name in ("failures", "mismatches", "vms_proven"):
        run.figures[f"{label}{name}"] = run.figures.pop(name)
    run.figure(f"{label}addresses_given_twice", await _given_twice(stand), "")
    return done.rate


def _tell_cpu(run: Run, label: str, done: Block) -> None:
    rows = done.cost.cpu_ms | {"control": done.cost.cpu_ms_control}
    for part in _PARTS:
        run.figure(f"{label}cpu_{part}", rows[part], "ms per VM")
    run.figure(f"{label}cpu", done.cost.cpu_ms_all, "ms per VM")


async def _joined(stand: Stand, controls: int) -> None:
    async def all_there() -> bool:
        return len(await _shares(stand)) == controls

    await stand.until(all_there, time.monotonic(), 60, "not all control processes are there")


async def _shares(stand: Stand) -> dict[int, dict[str, float]]:
    """Counters by control process; they tell each other once a second."""
    await asyncio.sleep(GATEWAY_FIGURES_SECONDS)
    values = await stand.metrics()
    found: dict[int, dict[str, float]] = {}
    for number in range(1, stand.controls + 1):
        names = ("deployments", "cpu_seconds", "lost_races")
        own = {name: values.get(_name(name, number)) for name in names}
        if None not in own.values():
            found[number] = {name: float(value or 0.0) for name, value in own.items()}
    return found


def _name(name: str, number: int) -> str:
    return _FIGURE.format(name=f"{name}_total", number=number)


async def _given_twice(stand: Stand) -> int:
    """Addresses that two VMs of a network have."""
    vms: list[dict[str, Any]] = await listed(stand.admin, "listVirtualMachines", "virtualmachine", listall=True)
    given = Counter((nic["networkid"], nic["ipaddress"]) for vm in vms for nic in vm["nic"] if nic.get("ipaddress"))
    return sum(count - 1 for count in given.values())
