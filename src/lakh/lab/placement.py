"""Scenario `placement`: what placing alone costs, without server, store or hosts, in one process on one core.

`lakh.placement.measure` is that process: it makes its clouds, measures, and tells a finding a line. Seconds of the
processor are counted, not of the clock.
"""

from __future__ import annotations

from typing import Final

from lakh.lab.findings import measured_by
from lakh.lab.run import Run

SUMMARY: Final = "placing alone: placements and exact scans per second of one core, packing, by hosts per cluster"


async def drive(run: Run) -> None:
    """Fills the figures; raises LabError when the process breaks."""
    run.stand.screen.step(f"placement on {run.parameters.agents:,} hosts")
    await measured_by(run, "placement", ["-m", "lakh.placement.measure", "--hosts", str(run.parameters.agents)])
