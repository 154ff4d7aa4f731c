"""Scenario `hostile`: 5,000 silent, slow, talking-nonsense and never-finishing peers while real agents connect.

The same fleet connects and reconnects twice: alone, and among them. What they cost is the ratio of the two, the
gateways' memory, and how long they hold on once nobody sends new ones.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.gateway.capacity import GATEWAYS_AT_LEAST
from lakh.lab.machine import memory_mb
from lakh.lab.peers import AGAIN_SECONDS
from lakh.lab.processes import Running
from lakh.lab.run import Run
from lakh.lab.stand import Probe, Stand

SUMMARY: Final = "5,000 silent, slow, garbage and never-finishing peers: real agents' connect times, memory, API"
PEERS: Final = 5000
_UP_SECONDS, _CUT_SECONDS = 600.0, 240.0
_SETTLE_SECONDS = 2 * AGAIN_SECONDS
"""Until as many are there as can be: those that are cut at once have come again."""


class Crowd(Running):
    """The hostile peers, as a process."""

    def __init__(self, folder: Path, port: int) -> None:
        flags = ["--port", str(port), "--count", str(PEERS)]
        super().__init__("hostile peers", ["-m", "lakh.lab.peers", *flags], folder / "peers.log")

    def told(self) -> dict[str, Any]:
        """What they said last."""
        lines = self.log.read_bytes().splitlines()
        for line in reversed(lines):
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(line, type=dict[str, Any])
        return {"open": 0, "cut": {}, "longest_seconds": 0.0}

    def no_more(self) -> None:
        """None comes again."""
        os.kill(self.process.pid, signal.SIGUSR1)


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when real agents are kept out, or peers are not cut."""
    stand = run.stand
    await stand.start_server()
    await stand.lay()
    stand.screen.step(f"connecting {stand.agents:,} agents for the first time")
    stand.start_fleet()
    await stand.all_up(time.monotonic(), _UP_SECONDS)
    await _start_anew(stand)
    alone = await _connect_and_again(run, "alone")
    await _start_anew(stand)
    before = _gateway_memory(stand)
    stand.screen.step(f"{PEERS:,} hostile peers")
    crowd = Crowd(stand.folder, stand.agent_port)
    probe = Probe(stand.api_port)
    probing = asyncio.create_task(probe.run())
    try:
        await asyncio.sleep(_SETTLE_SECONDS)
        crowd.check()
        cost = _gateway_memory(stand) - before
        run.figure("hostile_peers_open", crowd.told()["open"], "")
        among = await _connect_and_again(run, "among")
        run.figure("hostile_peers_cut", sum(crowd.told()["cut"].values()), "")
        stand.screen.step("no more of them: waiting until the last one is cut")
        crowd.no_more()
        run.figure("all_hostile_cut_seconds", await _all_cut(stand, crowd), "s")
        run.figure("longest_hold", crowd.told()["longest_seconds"], "s")
    finally:
        probing.cancel()
        await asyncio.to_thread(crowd.kill)
    run.figure("gateway_memory_of_peers", cost, "MB")
    for name in alone:
        run.figure(f"{name}_ratio", among[name] / max(alone[name], 0.01), "")
    run.figure("api_p99", probe.milliseconds(0.99), "ms")
    run.figure("api_errors", len(probe.errors), "")


async def _connect_and_again(run: Run, name: str) -> dict[str, float]:
    """The fleet starts, and then loses all its links at once; seconds of both."""
    stand = run.stand
    stand.screen.step(f"connecting known hosts, {name}")
    since = time.monotonic()
    stand.start_fleet()
    assert stand.fleet is not None
    connect = await stand.all_up(since, _UP_SECONDS)
    run.figure(f"connect_{name}_seconds", connect, "s")
    before = sum((await stand.fleet.ask("stats"))[-1]["back_slots"].values())
    stand.screen.step(f"losing all links, {name}")
    since = time.monotonic()
    cut = (await stand.fleet.ask("disconnect", percent=100))[-1]["count"]

    async def back() -> bool:
        assert stand.fleet is not None
        stats = (await stand.fleet.ask("stats"))[-1]
        return bool(sum(stats["back_slots"].values()) >= before + cut and stats["ready"] >= stand.agents)

    again = await stand.until(back, since, _UP_SECONDS, "agents do not come back")
    run.figure(f"reconnect_{name}_seconds", again, "s")
    await stand.all_up(since, _UP_SECONDS)
    return {"connect": connect, "reconnect": again}


async def _start_anew(stand: Stand) -> None:
    """Power cut of the fleet and of the server: both times begin alike, with gateways that hold nothing yet."""
    await asyncio.gather(stand.stop_fleet(), stand.kill_server())
    await stand.start_server()

    async def listening() -> bool:
        return (await stand.metrics()).get("lakh_gateway_listening", 0) >= GATEWAYS_AT_LEAST

    await stand.until(listening, time.monotonic(), _UP_SECONDS, "gateways do not listen")


async def _all_cut(stand: Stand, crowd: Crowd) -> float:
    async def ended() -> bool:
        return crowd.process.poll() is not None or crowd.told()["open"] == 0

    return await stand.until(ended, time.monotonic(), _CUT_SECONDS, "hostile peers are still held")


def _gateway_memory(stand: Stand) -> float:
    assert stand.server is not None
    return memory_mb(stand.server.part_pids()["gateways"])
