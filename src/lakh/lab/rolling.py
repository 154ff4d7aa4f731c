"""Scenario `rolling`: all gateways restarted one after another (SIGHUP) while VMs are deployed, stopped and started."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any, Final

from lakh.contract.client import Client, ClientError
from lakh.lab.deployments import deployment
from lakh.lab.installation import Installation
from lakh.lab.machine import command_line
from lakh.lab.run import Run
from lakh.lab.stand import Probe, Stand
from lakh.lab.watch import Watch

SUMMARY: Final = "gateways restarted one after another while VMs are deployed, stopped, started: no job may fail"
WORKERS: Final = 8
_UP_SECONDS, _BACK_SECONDS, _GATEWAY_SECONDS = 600.0, 300.0, 300.0
_WORK_BEFORE_SECONDS = 5.0
_FIRST: Final = (1, 50)
"""Deployments whose networks are implemented before anything is restarted: a VM in each zone."""


@dataclass(slots=True)
class Work:
    """Workers that deploy a VM, stop it, start it, destroy it, and begin again, until `enough`. Only an admin may
    expunge."""

    user: Client
    admin: Client
    installation: Installation
    enough: bool = False
    jobs: int = 0
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    async def run(self) -> None:
        await asyncio.gather(*(self._life(number) for number in range(1, WORKERS + 1)))

    async def _life(self, number: int) -> None:
        while not self.enough:
            await self.once(number)
            number += WORKERS

    async def once(self, number: int) -> None:
        """One VM's life."""
        made = await self._job(self.user, "deployVirtualMachine", **deployment(self.installation, number))
        vm = made.get("virtualmachine", {}).get("id")
        if vm is not None:
            await self._job(self.user, "stopVirtualMachine", id=vm)
            await self._job(self.user, "startVirtualMachine", id=vm)
            await self._job(self.admin, "destroyVirtualMachine", id=vm, expunge=True)

    async def _job(self, client: Client, command: str, **parameters: Any) -> dict[str, Any]:
        began = time.monotonic()
        try:
            return await client.job(command, **parameters)
        except ClientError as error:
            self.failures.append(f"{command}: {error}")
            return {}
        finally:
            self.jobs += 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when hosts do not come Up, or a gateway does not come back."""
    stand = run.stand
    await stand.start_server()
    installation = await stand.install()
    stand.screen.step(f"connecting {stand.agents:,} agents")
    stand.start_fleet(behaviour=run.parameters.behaviour or "latency")
    await stand.all_up(time.monotonic(), _UP_SECONDS)
    user = await stand.furnish(installation)
    watch, probe, work = Watch(stand), Probe(stand.api_port), Work(user, stand.admin, installation)
    stand.screen.step("a VM in each network")
    await asyncio.gather(*(work.once(number) for number in _FIRST))
    await watch.begin()
    others = [asyncio.create_task(watch.run()), asyncio.create_task(probe.run())]
    working = asyncio.create_task(work.run())
    try:
        await asyncio.sleep(_WORK_BEFORE_SECONDS)
        await _restart(run)
        stand.screen.step("waiting until all are back, and the jobs at their end")
        run.figure("all_back_seconds", await stand.all_up(time.monotonic(), _BACK_SECONDS), "s")
        work.enough = True
        await working
    finally:
        for other in (*others, working):
            other.cancel()
        await user.close()
    run.figure("jobs", work.jobs, "")
    run.figure("jobs_failed", len(work.failures), "")
    run.figure("slowest_job", work.slowest_seconds, "s")
    for text in work.failures[:5]:
        stand.screen.say(f"  ! {text}")
    await run.returns()
    await watch.fill(run)
    run.figure("api_p99", probe.milliseconds(0.99), "ms")
    run.figure("api_errors", len(probe.errors), "")


async def _restart(run: Run) -> None:
    """Asks for it as an operator would, and waits until every gateway is another process that listens."""
    stand = run.stand
    assert stand.server is not None
    before = _gateways(stand)
    stand.screen.step(f"restarting {len(before)} gateways")
    os.kill(stand.server.process.pid, signal.SIGHUP)
    began = last = time.monotonic()
    renewed: set[str] = set()
    slowest = 0.0
    with stand.screen.bar(len(before)) as advance:
        while len(renewed) < len(before):
            await stand.until(lambda: _another(stand, before, renewed), last, _GATEWAY_SECONDS, "a gateway is not back")
            now = time.monotonic()
            slowest, last = max(slowest, now - last), now
            advance(len(renewed))
    run.figure("gateways", len(before), "processes")
    run.figure("restart_seconds", last - began, "s")
    run.figure("seconds_per_gateway", (last - began) / len(before), "s")
    run.figure("slowest_gateway", slowest, "s")


async def _another(stand: Stand, before: dict[str, int], renewed: set[str]) -> bool:
    """True when one more gateway has been renewed and listens, which `renewed` then has."""
    counts = await stand.metrics()
    for number, pid in _gateways(stand).items():
        listens = counts.get(f'lakh_gateway_listening{{gateway="{number}"}}') == 1
        if listens and pid != before.get(number) and number not in renewed:
            renewed.add(number)
            return True
    return False


def _gateways(stand: Stand) -> dict[str, int]:
    """Pid by the gateway's number."""
    assert stand.server is not None
    found = {}
    for pid in stand.server.part_pids()["gateways"]:
        words = command_line(pid).split()
        if "--id" in words:
            found[words[words.index("--id") + 1]] = pid
    return found
