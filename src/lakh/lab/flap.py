"""Scenario `flap`: a bad network. A hundredth of the fleet loses its link every six seconds, a tenth in a minute.

What must not happen is growth: memory by linear regression once the first part of the time is over, descriptors and
sessions by count when all agents are back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from lakh.lab.machine import descriptors, memory_mb
from lakh.lab.plots import Chart
from lakh.lab.run import Run
from lakh.lab.stand import Probe, Stand
from lakh.lab.watch import Watch

SUMMARY: Final = "a tenth of the fleet loses its link each minute: memory slope, descriptors, sessions, no host Down"
PERCENT: Final = 1.0
EVERY_SECONDS: Final = 6.0
PARTS: Final = ("control", "gateways", "supervisor")
_SAMPLE_SECONDS = 5.0
_WARM_UP: Final = 0.25
"""Of the time; its memory does not count for the slope."""
_UP_SECONDS, _BACK_SECONDS, _QUIET_SECONDS, _LOOK_SECONDS = 600.0, 300.0, 60.0, 1.0
_SESSIONS = "lakh_gateway_connections"
_LISTENING = "lakh_gateway_listening"

Samples = dict[str, list[tuple[float, float]]]


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when not all hosts come Up, at first or at last."""
    stand = run.stand
    await stand.start_server()
    await stand.lay()
    stand.screen.step(f"connecting {stand.agents:,} agents")
    stand.start_fleet(behaviour=run.parameters.behaviour or "calm")
    await stand.all_up(time.monotonic(), _UP_SECONDS)
    before = await _inventory(stand)
    watch, probe = Watch(stand), Probe(stand.api_port)
    await watch.begin()
    samples: Samples = {part: [] for part in PARTS}
    seconds = run.parameters.seconds
    stand.screen.step(f"cutting {PERCENT:g} % of the links every {EVERY_SECONDS:g} s for {seconds} s")
    others = [asyncio.create_task(work) for work in (watch.run(), probe.run(), _weigh(stand, samples))]
    try:
        cut = await _flap(stand, seconds)
        stand.screen.step("waiting until all are back")
        run.figure("all_back_seconds", await stand.all_up(time.monotonic(), _BACK_SECONDS), "s")
    finally:
        for other in others:
            other.cancel()
    run.figure("links_cut", cut, "")
    await run.returns()
    after = await _inventory(stand)
    _compare(run, before, after)
    _slopes(run, samples, seconds)
    await watch.fill(run)
    run.figure("api_p99", probe.milliseconds(0.99), "ms")
    run.figure("api_errors", len(probe.errors), "")


async def _flap(stand: Stand, seconds: float) -> int:
    """Cuts links until the time is over; returns how many."""
    assert stand.fleet is not None
    cut, began, round_number = 0, time.monotonic(), 0
    with stand.screen.bar(int(seconds)) as advance:
        while (due := began + round_number * EVERY_SECONDS) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            cut += (await stand.fleet.ask("disconnect", percent=PERCENT))[-1]["count"]
            round_number += 1
            advance(int(time.monotonic() - began))
    return cut


async def _weigh(stand: Stand, samples: Samples) -> None:
    """Notes the memory of every part, until cancelled."""
    began = time.monotonic()
    while stand.server is not None:
        for part, pids in stand.server.part_pids().items():
            samples[part].append((time.monotonic() - began, await asyncio.to_thread(memory_mb, pids)))
        await asyncio.sleep(_SAMPLE_SECONDS)


async def _inventory(stand: Stand) -> dict[str, float]:
    """Sessions of the gateways, and descriptors by part, when as many links stand as the fleet holds.

    These are not read at one moment, and agents of system VMs come when they like: two looks must say the same.
    """
    deadline, before = time.monotonic() + _QUIET_SECONDS, await _look(stand)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = await _look(stand)
        still = all(now[name] == before[name] for name in ("sessions", "links", "gateways"))
        if (still and now["sessions"] == now["links"]) or time.monotonic() > deadline:
            return now
        before = now


async def _look(stand: Stand) -> dict[str, float]:
    assert stand.fleet is not None
    assert stand.server is not None
    metrics = await stand.metrics()
    links = (await stand.fleet.ask("stats"))[-1]["connected"]
    pids = stand.server.part_pids()
    held = {part: float(descriptors(pids[part])) for part in PARTS}
    gateways = {"processes": float(len(pids["gateways"])), "listening": metrics.get(_LISTENING, 0.0)}
    return {"sessions": metrics.get(_SESSIONS, 0.0), "links": float(links), **gateways, **held}


def _compare(run: Run, before: dict[str, float], after: dict[str, float]) -> None:
    for name, there in (("begin", before), ("end", after)):
        run.figure(f"sessions_at_{name}", there["sessions"], "")
        run.figure(f"descriptors_at_{name}", sum(there[part] for part in PARTS), "")
        run.figure(f"gateways_at_{name}", there["processes"], "processes")
    run.figure("sessions_leaked", after["sessions"] - after["links"], "")
    run.figure("gateway_descriptors_leaked", leaked(before, after), "")
    run.figure("control_descriptors_grown", after["control"] - before["control"], "")


def leaked(before: dict[str, float], after: dict[str, float]) -> float:
    """Descriptors of gateways at the end that are neither links nor listeners nor what each of them has by itself.

    The kernel deals connections out by chance: one gateway fills up and listens no more, and where many agents come
    back at any time one more gateway is started.
    """
    own = (before["gateways"] - before["links"] - before["listening"]) / before["processes"]
    return after["gateways"] - after["links"] - after["listening"] - own * after["processes"]


def _slopes(run: Run, samples: Samples, seconds: float) -> None:
    total = 0.0
    for part in PARTS:
        steady = [point for point in samples[part] if point[0] >= seconds * _WARM_UP]
        per_hour = slope(steady) * 3600
        total += per_hour
        run.figure(f"memory_slope_{part}", per_hour, "MB/h")
        run.figure(f"memory_at_end_{part}", steady[-1][1] if steady else 0.0, "MB")
    run.figure("memory_slope", total, "MB/h")
    run.charts["memory"] = Chart("flap: memory, PSS without file pages", "MB", samples)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line through the points with the least squares; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    middle = sum(x for x, _ in points) / len(points)
    level = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - level) for x, y in points) / spread if spread else 0.0
