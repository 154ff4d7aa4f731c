"""Scenario `million`: a million VMs on a hundred thousand hosts, in as many runs as it takes.

The folder given with `--store` keeps the installation: the server's store, what the fleet's hosts run, and how far it
came. A run takes them up where the last one stopped, in whatever way that happened, deploys through the API in blocks
of ten thousand until its time is over, proves a sample against the agents, and adds its blocks to those of the runs
before it. The report's plots show all of them against the number of VMs. With `--seeded` the first VMs are not
deployed but seeded; with `--postgresql` the store is a cluster of the folder's own, with `--store-url` another one.

VMs go to one isolated network after another, and every fiftieth to a shared network with security groups.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any, Final

from lakh.contract.client import Client
from lakh.lab.costs import Idle, Look, idle, server_seconds, statement_costs
from lakh.lab.deploying import FLEET, Ground, block
from lakh.lab.deployments import place
from lakh.lab.installation import next_network
from lakh.lab.machine import allocated_mb, machine_memory_gb
from lakh.lab.million_report import tell
from lakh.lab.million_seed import HARDWARE, adopt, furnish_seeded, seed
from lakh.lab.progress import BlockRecord, Part, Progress, load, save
from lakh.lab.proof import prove_sample
from lakh.lab.run import Run
from lakh.lab.stand import LabError

SUMMARY: Final = "a million VMs on 100,000 hosts, in as many runs as it takes: cost of a VM, memory, proof"
BLOCK: Final = 10_000
PER_NETWORK: Final = 40_000
"""VMs of an isolated network of 65,000 addresses."""
MACHINE_GB: Final = 14.0
"""Of the whole machine; above, the run stops while it can still say so."""
SAMPLED_HOSTS: Final = 200
_RUN_SECONDS: Final = 22.5 * 60
"""No block begins that would not end before; connecting, idling and proving are within."""
_START_SECONDS: Final = 300.0
_UP_SECONDS: Final = 600.0
_SETTLE_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 2.0
_POOL_GIB: Final = str(1 << 24)
_MOST_FAILURES: Final = 100
_APART: Final = ("fleet", "postgresql")


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError where the folder was begun otherwise, or the machine takes too much memory."""
    stand = run.stand
    folder = stand.folder
    asked = run.parameters
    progress = load(folder) or Progress(
        agents=stand.agents,
        processes=stand.processes,
        ports=(stand.api_port, stand.agent_port),
        store_url=asked.store_url,
        postgresql=asked.postgresql,
        seeded=asked.seeded,
    )
    await _check(progress, run, folder)
    progress.runs += 1
    save(folder, progress)
    work = asyncio.ensure_future(_Million(run, folder, progress).run())
    guard = asyncio.ensure_future(_watch_memory(run))
    try:
        await asyncio.wait({work, guard}, return_when=asyncio.FIRST_COMPLETED)
        if guard.done() and not work.done():
            guard.result()
        await work
    finally:
        for task in (work, guard):
            task.cancel()
        await asyncio.gather(work, guard, return_exceptions=True)
        tell(run, progress)


async def _check(progress: Progress, run: Run, folder: Path) -> None:
    stand = run.stand
    if (progress.agents, progress.processes) != (stand.agents, stand.processes):
        raise LabError(
            f"{folder} was begun with {progress.agents:,} agents in {progress.processes} processes: "
            f"go on with --agents {progress.agents} --processes {progress.processes}, or give another --store"
        )
    if progress.installation is not None and not progress.furnished and not progress.seeded:
        raise LabError(f"{folder}: its first run ended before the installation was complete: begin anew")
    await stand.use_ports(*progress.ports)
    stand.store_url = progress.store_url
    if progress.postgresql:
        await stand.use_postgresql()


async def _watch_memory(run: Run) -> None:
    """Ends with LabError once the machine takes more than it may."""
    while True:
        used = machine_memory_gb()
        if used > MACHINE_GB:
            parts = ", ".join(f"{part} {mb / 1000:.1f}" for part, mb in run.stand.memory().items())
            raise LabError(f"the machine uses {used:.1f} GB of memory, more than {MACHINE_GB:g}: {parts} GB")
        await asyncio.sleep(_LOOK_SECONDS)


class _Million:
    """One run."""

    def __init__(self, run: Run, folder: Path, progress: Progress) -> None:
        self._run, self._stand, self._folder, self._progress = run, run.stand, folder, progress
        self._tables = folder / "fleet" / "volumes"
        self._deadline = run.stand.began + _RUN_SECONDS

    async def run(self) -> None:
        run, progress = self._run, self._progress
        await self._rise()
        user = await self._furnished()
        try:
            await self._settle()
            ground = Ground(self._installation, user, await self._idle(user), 0)
            part = Part(number=progress.runs, first=await self._vms())
            part.connect_seconds = run.figures["connect_seconds"].value
            progress.parts.append(part)
            await self._fill(ground, part)
            await self._prove(ground)
        finally:
            await user.close()

    @property
    def _installation(self) -> Any:
        assert self._progress.installation is not None
        return self._progress.installation

    # --- getting there -----------------------------------------------------------------------------------------------
    async def _rise(self) -> None:
        """Server and fleet with all that they had."""
        run, stand, progress = self._run, self._stand, self._progress
        if progress.seeded and progress.installation is None:
            await seed(run, self._folder / "fleet", progress.seeded)
        began = time.monotonic()
        stand.screen.step(f"run {progress.runs}: starting the server")
        await stand.start_server(_START_SECONDS)
        run.figure("start_seconds", time.monotonic() - began, "s")
        if progress.installation is None:
            if progress.seeded:
                progress.installation = await adopt(stand.admin, self._folder / "server")
            else:
                progress.installation = await stand.install(hosts_per_cluster=20)
        save(self._folder, progress)
        stand.map = progress.installation.fleet_map()
        stand.screen.step(f"connecting {stand.agents:,} agents")
        began = time.monotonic()
        hardware = HARDWARE if progress.seeded else {**FLEET, "pool_capacity": _POOL_GIB}
        stand.start_fleet(**hardware, state=str(self._folder / "fleet"))
        run.figure("connect_seconds", await stand.all_up(began, _UP_SECONDS), "s")

    async def _furnished(self) -> Client:
        """A client of the account that deploys; templates, networks and a first VM in each zone at the first time."""
        stand, progress, installation = self._stand, self._progress, self._installation
        if progress.furnished:
            return Client("127.0.0.1", stand.api_port, installation.api_key, installation.secret_key)
        if progress.seeded:
            user = Client("127.0.0.1", stand.api_port, installation.api_key, installation.secret_key)
            await furnish_seeded(stand.admin, user, installation)
        else:
            user = await stand.furnish(installation)
            progress.idle_fleet_mb = self._fleet_mb()
        for zone in installation.zones:
            await user.job("deployVirtualMachine", **place(installation, zone), name=f"first-{zone.name}")
        progress.furnished = True
        save(self._folder, progress)
        return user

    async def _settle(self) -> None:
        """What a killed run left under way comes to its end first."""
        stand = self._stand

        async def settled() -> bool:
            counts = [await self._vms(state=state) for state in ("Starting", "Stopping")]
            return not any(counts)

        await stand.until(settled, time.monotonic(), _SETTLE_SECONDS, "VMs are still under way")

    async def _idle(self, user: Client) -> Idle:
        where = place(self._installation, self._installation.zones[0])
        made = await user.job("deployVirtualMachine", **where, name=f"run-{self._progress.runs}")
        self._stand.hushed = True
        return await idle(self._run, user, made["jobid"])

    # --- deploying ---------------------------------------------------------------------------------------------------
    async def _fill(self, ground: Ground, part: Part) -> None:
        """Block after block, until there are enough VMs or there is no time for one more."""
        run, stand, progress = self._run, self._stand, self._progress
        have, rate = part.first, 100.0
        first_look: Look | None = None
        while have < run.parameters.vms:
            left = self._deadline - time.monotonic()
            vms = min(BLOCK, run.parameters.vms - have, int(rate * left * 0.8))
            if vms < min(BLOCK // 10, run.parameters.vms - have):
                stand.screen.step(f"{have:,} VMs; the time of this run is over")
                return
            await self._network(ground, have)
            number = len(part.blocks) + 1
            stand.screen.step(f"{have:,} VMs, {vms:,} more (run {part.number}, block {number})")
            done = await block(run, ground, f"r{part.number}-{number}", vms, run.parameters.workers)
            have, rate = await self._vms(), max(1.0, done.rate)
            fleet_mb, memory = self._fleet_mb(), stand.memory()
            part.blocks.append(
                BlockRecord(
                    vms=done.outcome.deployed, last=have, seconds=done.outcome.seconds, failed=done.outcome.failed,
                    cpu_ms=done.cost.cpu_ms, statements=done.cost.statements, transactions=done.cost.transactions,
                    host_requests=done.cost.host_requests,
                    server_seconds_p50=server_seconds(done.before, done.after, 0.5),
                    server_seconds_p99=server_seconds(done.before, done.after, 0.99),
                    server_mb=sum(mb for name, mb in memory.items() if name not in _APART), fleet_mb=fleet_mb,
                    fleet_bytes_per_vm=(fleet_mb - progress.idle_fleet_mb) * 1e6 / max(1, have),
                    machine_gb=machine_memory_gb(),
                )
            )  # fmt: skip
            save(self._folder, progress)
            first_look = first_look or done.before
            run.statements = statement_costs(first_look, done.after, have - part.first)
            last = part.blocks[-1]
            stand.screen.detail(f"{last.rate:.0f}/s, {last.cpu_ms_all:.2f} ms per VM, server {last.server_mb:,.0f} MB")
            for text in done.outcome.failures[:3]:
                stand.screen.say(f"  ! {text}")
            if done.outcome.failed > _MOST_FAILURES:
                raise LabError(f"{done.outcome.failed} of {vms} deployments failed: {done.outcome.failures[0]}")

    async def _network(self, ground: Ground, vms: int) -> None:
        """The isolated network that the next block goes to."""
        progress, zone = self._progress, self._installation.zones[0]
        while progress.networks <= vms // PER_NETWORK:
            await next_network(self._stand.admin, ground.user, zone, progress.networks + 1)
            progress.networks += 1
            save(self._folder, progress)

    async def _vms(self, **filters: Any) -> int:
        """How many VMs the API counts."""
        answer = await self._stand.admin.call("listVirtualMachines", listall=True, page=1, pagesize=1, **filters)
        return int(answer.get("count", 0))

    def _fleet_mb(self) -> float:
        """With the table of volumes, which is a file of the folder that keeps the fleet's state."""
        return self._stand.memory()["fleet"] + allocated_mb(self._tables)

    # --- proving -----------------------------------------------------------------------------------------------------
    async def _prove(self, ground: Ground) -> None:
        stand, run = self._stand, self._run
        assert stand.fleet is not None
        stand.screen.step("proving it against the agents: all sums, and a sample of hosts")
        chance = random.Random(self._progress.runs)
        numbers = chance.sample(range(1, stand.agents + 1), min(SAMPLED_HOSTS, stand.agents))
        proof = await prove_sample(stand.admin, stand.fleet, [f"kvm-{number:06d}" for number in numbers])
        run.figure("vms_proven", proof.vms_checked, "")
        run.figure("mismatches", len(proof.mismatches), "")
        for text in proof.mismatches[:10]:
            stand.screen.say(f"  ! {text}")
