"""A process of its own that measures something without a server, and tells a finding a line on its standard output.

A finding is a line of JSON: a figure with value and unit, a chart with its series, or a note for who looks on.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.lab.plots import Chart
from lakh.lab.processes import Running
from lakh.lab.run import Run
from lakh.lab.stand import LabError

_LOOK_SECONDS: Final = 0.25


async def measured_by(run: Run, name: str, arguments: list[str]) -> None:
    """Runs the process, and takes what it tells as it comes. Raises LabError when it breaks."""
    log = run.stand.folder / f"{name}.log"
    measuring = Running(name, arguments, log)
    told = 0
    try:
        while (code := measuring.process.poll()) is None:
            await asyncio.sleep(_LOOK_SECONDS)
            told = await _follow(run, log, told)
        told = await _follow(run, log, told)
    finally:
        await asyncio.to_thread(measuring.stop)
    if code:
        text = await asyncio.to_thread(log.read_text)
        raise LabError(f"{name} ended with code {code}: {text[-400:]}")


async def _follow(run: Run, log: Path, told: int) -> int:
    """Takes the whole lines after the first `told`; returns how many there are."""
    lines = (await asyncio.to_thread(log.read_text)).split("\n")[:-1]
    for line in lines[told:]:
        if line.startswith("{"):
            _take(run, msgspec.json.decode(line))
    return len(lines)


def _take(run: Run, finding: dict[str, Any]) -> None:
    if "figure" in finding:
        run.figure(finding["figure"], finding["value"], finding["unit"])
    elif "chart" in finding:
        name, title, unit, across = (finding[key] for key in ("chart", "title", "unit", "across"))
        series = {label: [(x, y) for x, y in points] for label, points in finding["series"].items()}
        run.charts[name] = Chart(title, unit, series, across=across)
    else:
        run.stand.screen.detail(finding["note"])
