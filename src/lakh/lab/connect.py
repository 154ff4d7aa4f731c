"""Scenario `connect`: a fleet that the server has never seen, and then the same fleet after a cold start of both."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from lakh.lab.run import Run
from lakh.lab.stand import Probe

SUMMARY: Final = "new hosts, then the same hosts cold: seconds to Up, CPU and bytes per connect, memory, API meanwhile"
REPORT_SECONDS: Final = 1.5
"""Gateways tell their figures once a second."""
_NEW_SECONDS, _KNOWN_SECONDS = 600.0, 400.0


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when not all hosts come Up."""
    stand = run.stand
    stand.screen.step(f"{stand.agents:,} agents in {stand.processes} processes")
    await stand.start_server()
    await stand.lay()
    if run.parameters.mutual_tls:
        await stand.be_strict()
    stand.screen.step("connecting new hosts")
    await connect_all(run, "new_hosts", _NEW_SECONDS)
    if stand.mutual_tls:
        await stand.certificates_settled()
    stand.screen.step("killing everything; connecting the hosts that are known now")
    await asyncio.gather(stand.kill_server(), stand.stop_fleet())
    await stand.start_server()
    await connect_all(run, "known_hosts", _KNOWN_SECONDS)
    _memory(run)


async def connect_all(run: Run, name: str, seconds: float) -> None:
    """Starts the fleet and waits until every host is Up; the figures begin with `name`."""
    stand = run.stand
    before, counted = stand.cpu(), await stand.metrics()
    probe = Probe(stand.api_port)
    probing = asyncio.create_task(probe.run())
    since = time.monotonic()
    stand.start_fleet()
    try:
        run.figure(f"{name}_seconds", await stand.all_up(since, seconds), "s")
    finally:
        probing.cancel()
    after = stand.cpu()
    await asyncio.sleep(REPORT_SECONDS)
    counts = await stand.metrics()
    for part in ("control", "gateways", "fleet"):
        used = after[part] - (before[part] if part != "fleet" else 0.0)
        run.figure(f"{name}_cpu_{part}", used * 1000 / stand.agents, "ms per connect")
    traffic = sum(_grown(counts, counted, f"lakh_gateway_bytes_{way}_total") for way in ("in", "out"))
    run.figure(f"{name}_bytes", traffic / stand.agents, "bytes per connect")
    statements = _grown(counts, counted, 'lakh_store_total{what="statements"}')
    run.figure(f"{name}_sql_statements", statements / stand.agents, "per connect")
    run.figure(
        f"{name}_host_requests", _grown(counts, counted, "lakh_gateway_calls_total") / stand.agents, "per connect"
    )
    for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        run.figure(f"{name}_api_{label}", probe.milliseconds(share), "ms")
    run.figure(f"{name}_api_errors", len(probe.errors), "")


def _grown(now: dict[str, float], before: dict[str, float], name: str) -> float:
    return now.get(name, 0.0) - before.get(name, 0.0)


def _memory(run: Run) -> None:
    """Memory of every part with all agents connected. All that gateways take counts for their connections."""
    used = run.stand.memory()
    fleet = used.pop("fleet")
    for part, megabytes in used.items():
        run.figure(f"memory_{part}", megabytes, "MB")
    run.figure("gateways", len(run.stand.server.part_pids()["gateways"]) if run.stand.server else 0, "processes")
    run.figure("server_memory", sum(used.values()) / 1000, "GB")
    run.figure("fleet_memory", fleet / 1000, "GB")
    run.figure("server_memory_per_connection", used["gateways"] * 1e6 / 1024 / run.stand.agents, "KiB")
