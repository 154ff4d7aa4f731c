"""Scenario `mixed`: VMs are deployed, stopped, started and destroyed and lists looked at, all at once, for a while."""

from __future__ import annotations

import asyncio
from typing import Final

from lakh.lab.deploying import Ground, Samples, block, proven, ready
from lakh.lab.loading import load, plan_for
from lakh.lab.run import Run

SUMMARY: Final = "deploy, stop, start, destroy and lists at once, on top of N VMs: errors, p99s, memory, proof"
LISTERS: Final = 2


async def drive(run: Run) -> None:
    """Fills the figures."""
    ground = await ready(run)
    stand, asked = run.stand, run.parameters
    try:
        stand.screen.step(f"{asked.vms:,} VMs to begin with")
        await block(run, ground, "vm", asked.vms, asked.workers)
        samples = Samples(run)
        sampling = asyncio.create_task(samples.take())
        try:
            await _live(run, ground)
        finally:
            sampling.cancel()
        samples.tell()
        await proven(run, ground)
    finally:
        await ground.user.close()


async def _live(run: Run, ground: Ground) -> None:
    stand, asked = run.stand, run.parameters
    stand.screen.step(f"everything at once for {asked.seconds} s")
    plan = plan_for(
        stand.api_port, ground.installation, name="life", workers=asked.workers, listers=LISTERS,
        seconds=asked.seconds,
    )  # fmt: skip
    outcome = await load(plan)
    ground.vms += outcome.deployed
    ground.failures += outcome.failures
    for command, taken in sorted(outcome.taken.items()):
        run.figure(f"{command}_count", len(taken), "")
        for label, percent in (("p50", 50), ("p99", 99)):
            run.figure(f"{command}_{label}", outcome.percentile(percent, command) * 1000, "ms")
    run.figure("errors", outcome.failed, "")
    run.figure("jobs_per_second", sum(map(len, _jobs(outcome.taken).values())) / outcome.seconds, "1/s")


def _jobs(taken: dict[str, list[float]]) -> dict[str, list[float]]:
    return {command: seconds for command, seconds in taken.items() if command.endswith("VirtualMachine")}
