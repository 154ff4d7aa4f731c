"""Scenario `workers`: the same fleet deployed on by 1, 10, 25, 50, 100 and 200 workers."""

from __future__ import annotations

from typing import Final

from lakh.lab.costs import tell
from lakh.lab.deploying import block, proven, ready
from lakh.lab.plots import Chart
from lakh.lab.run import Run

SUMMARY: Final = "1, 10, 25, 50, 100, 200 workers: rate, seconds and CPU per VM"
WORKERS: Final = (1, 10, 25, 50, 100, 200)
_FOR_EACH_WORKER: Final = 50
"""VMs that a worker deploys at most: one worker alone needs not deploy thousands."""


async def drive(run: Run) -> None:
    """Fills the figures."""
    stand, asked = run.stand, run.parameters
    ground = await ready(run)
    try:
        rates: list[tuple[float, float]] = []
        typical: list[tuple[float, float]] = []
        for workers in WORKERS:
            vms = max(1, min(asked.vms // len(WORKERS), _FOR_EACH_WORKER * workers))
            stand.screen.step(f"{vms:,} VMs with {workers} workers")
            done = await block(run, ground, f"w{workers}", vms, workers)
            run.figure(f"w{workers}_deploys_per_second", done.rate, "1/s")
            for label, percent in (("p50", 50), ("p99", 99)):
                run.figure(f"w{workers}_vm_seconds_{label}", done.outcome.percentile(percent), "s")
            tell(run, done.cost, f"w{workers}_")
            rates.append((workers, done.rate))
            typical.append((workers, done.outcome.percentile(50)))
        run.charts["rate"] = Chart("deployments a second", "1/s", {"rate": rates}, "workers")
        run.charts["seconds"] = Chart("seconds for a VM, median", "s", {"median": typical}, "workers")
        await proven(run, ground)
    finally:
        await ground.user.close()
