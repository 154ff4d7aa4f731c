"""Scenario `steady`: a connected fleet that only pings, ten VMs in each report, and nothing changes.

However many agents there are, they ping as often in sum as 100,000 agents do at CloudStack's interval: the interval is
shortened accordingly.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from lakh.fleet.statistics import slot_seconds
from lakh.lab.run import Run

SUMMARY: Final = "pings at the rate of 100,000 hosts, ten VMs in each report: CPU, ping answers, SQL statements"
PINGS_PER_SECOND: Final = 100_000 / 60
GUESTS: Final = 10
_UP_SECONDS = 600.0


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when not all hosts come Up."""
    stand = run.stand
    interval = max(1, round(stand.agents / PINGS_PER_SECOND))
    await stand.start_server()
    await stand.lay()
    await stand.admin.call("updateConfiguration", name="ping.interval", value=interval)
    await stand.kill_server()
    await stand.start_server()
    stand.screen.step(f"connecting {stand.agents:,} agents, a ping from each every {interval} s")
    since = time.monotonic()
    stand.start_fleet(guests=str(GUESTS))
    await stand.all_up(since, _UP_SECONDS)
    stand.screen.step("waiting until every host has reported once")
    await asyncio.sleep(2 * interval + 5)
    await _measure(run, interval)


async def _measure(run: Run, interval: int) -> None:
    stand, seconds = run.stand, run.parameters.seconds
    assert stand.fleet is not None
    stand.screen.step(f"measuring for {seconds} s")
    stand.hushed = True
    before, counted, said = stand.cpu(), await stand.metrics(), (await stand.fleet.ask("stats"))[-1]
    began = time.monotonic()
    await asyncio.sleep(seconds)
    after, counts, says = stand.cpu(), await stand.metrics(), (await stand.fleet.ask("stats"))[-1]
    took = time.monotonic() - began
    pings = says["pings"] - said["pings"]
    run.figure("ping_interval", interval, "s")
    run.figure("pings_per_second", pings / took, "1/s")
    for part in ("gateways", "control", "fleet"):
        run.figure(f"{part}_cpu", (after[part] - before[part]) / took * 100, "% of a core")
    run.figure("pings_lost", _lost(said, says), "")
    slots = _between(said["ping_slots"], says["ping_slots"])
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        run.figure(f"ping_answer_{label}", slot_seconds(slots, share) * 1000, "ms")
    run.figure("sql_statements_per_minute", _growth(counted, counts, _STATEMENTS) / took * 60, "1/min")
    run.figure("power_reports", _growth(counted, counts, "lakh_power_reports_total"), "")
    run.figure("losses", says["losses"] - said["losses"], "")


_STATEMENTS: Final = 'lakh_store_total{what="statements"}'


def _growth(before: dict[str, float], after: dict[str, float], name: str) -> float:
    return after.get(name, 0.0) - before.get(name, 0.0)


def _lost(before: dict[str, Any], after: dict[str, Any]) -> int:
    """Pings of the time that have no answer, but for those that may be under way at either end."""
    unanswered = (after["pings"] - before["pings"]) - (after["ping_answers"] - before["ping_answers"])
    under_way = before["pings"] - before["ping_answers"], after["pings"] - after["ping_answers"]
    return max(0, unanswered if max(under_way) > PINGS_PER_SECOND / 10 else 0)


def _between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {slot: count - before.get(slot, 0) for slot, count in after.items()}
