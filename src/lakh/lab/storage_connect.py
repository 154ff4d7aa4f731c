"""Scenario `storage-connect`: one new pool and N connected hosts, with ever more workers.

Each host takes its time to mount a pool, the same for every number of workers; at 50,000 hosts it is so short that the
one worker is through in time. With nothing in the way the time halves as the workers double.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from lakh.contract.client import ClientError
from lakh.lab.plots import Chart
from lakh.lab.run import Run
from lakh.lab.stand import LabError, Probe, Stand

SUMMARY: Final = "one pool connected to all hosts by 1, 2, 4, 8 and 16 workers: time by number of workers"
WORKERS: Final = (1, 2, 4, 8, 16)
MOUNT_SECONDS: Final = 0.2
"""What a host needs to mount NFS, where the run has the time for it."""
_ALL_SECONDS: Final = 480.0
"""What all pools together may take at the ideal."""
_UP_SECONDS, _SLACK = 600.0, 1.6
_ANSWER_SECONDS: Final = 200.0  # well below the client's own limit: a pool may take longer than one request


def mount_seconds(hosts: int) -> float:
    """How long each host takes in a run of so many."""
    return min(MOUNT_SECONDS, _ALL_SECONDS / (hosts * sum(1 / number for number in WORKERS)))


async def drive(run: Run) -> None:
    """Fills the figures. Raises LabError when a pool does not come Up."""
    stand = run.stand
    await stand.start_server()
    await stand.lay()
    stand.screen.step(f"connecting {stand.agents:,} hosts")
    seconds = mount_seconds(stand.agents)
    stand.start_fleet(behaviour=run.parameters.behaviour or str(_behaviour(stand.folder, seconds)))
    await stand.all_up(time.monotonic(), _UP_SECONDS)
    run.figure("mount_time", seconds * 1000, "ms")
    probe = Probe(stand.api_port)
    probing = asyncio.create_task(probe.run())
    taken: dict[int, float] = {}
    statements: list[float] = []
    try:
        for number in WORKERS:
            before = await _statements(stand)
            taken[number] = await _connect(stand, number, seconds)
            statements.append(await _statements(stand) - before)
            run.figure(f"workers_{number}_seconds", taken[number], "s")
            run.figure(f"workers_{number}_rate", stand.agents / taken[number], "hosts/s")
    finally:
        probing.cancel()
    run.figure("slowest_against_one_worker", max(taken[n] for n in WORKERS[1:]) / taken[1], "")
    run.figure("sixteen_workers_speedup", taken[1] / taken[16], "")
    run.figure("hosts_without_pool", await _without(stand), "")
    run.figure("sql_statements", min(statements) / stand.agents, "per host")  # the API is used meanwhile
    run.figure("api_p99", probe.milliseconds(0.99), "ms")
    run.figure("api_errors", len(probe.errors), "")
    ideal = [(float(number), taken[1] / number) for number in WORKERS]
    series = {"measured": [(float(n), s) for n, s in taken.items()], "ideal": ideal}
    title = f"storage-connect: one pool, {stand.agents:,} hosts, {seconds * 1000:.3g} ms each"
    run.charts["workers"] = Chart(title, "seconds", series, "storage.pool.host.connect.workers", doubling=True)


def _behaviour(folder: Path, seconds: float) -> Path:
    path = folder / "mounting.toml"
    path.write_text(
        'description = "Pools take their time to be mounted; all else succeeds at once."\n'
        '[[outcome]]\ncommands = ["ModifyStoragePoolCommand"]\n'
        f"delay_seconds = {seconds}\njitter_seconds = {seconds / 4}\n"
    )
    return path


async def _connect(stand: Stand, number: int, mount: float) -> float:
    """A new pool with so many workers; seconds until it is Up."""
    stand.screen.step(f"a pool with {number} workers")
    setting = "storage.pool.host.connect.workers"
    await stand.admin.call("updateConfiguration", name=setting, value=number)
    zone = (await stand.admin.call("listZones"))["zone"][0]
    name = f"pool-of-{number}"
    since = time.monotonic()
    adding = asyncio.create_task(
        stand.admin.call(
            "createStoragePool", zoneid=zone["id"], name=name, scope="ZONE", hypervisor="KVM",
            url=f"nfs://192.0.2.20/export/{name}",
        )
    )  # fmt: skip

    async def up() -> bool:
        """Whoever waits for the answer itself may lose patience: the job goes on."""
        if adding.done() and (error := adding.exception()) is not None and not _impatient(error):
            raise LabError(f"createStoragePool with {number} workers: {error}")
        pools = (await stand.admin.call("listStoragePools", name=name)).get("storagepool", [])
        return bool(pools) and pools[0]["state"] == "Up"

    try:
        limit = _SLACK * stand.agents * mount / number + _ANSWER_SECONDS
        done, _ = await asyncio.wait({adding}, timeout=_ANSWER_SECONDS)
        if done and adding.exception() is None:
            return time.monotonic() - since
        return await stand.until(up, since, limit, f"{name} is not Up")
    finally:
        adding.cancel()


def _impatient(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error.errorcode in (0, 504)


async def _statements(stand: Stand) -> float:
    return (await stand.metrics()).get('lakh_store_total{what="statements"}', 0.0)


async def _without(stand: Stand) -> int:
    """Hosts and pools that do not know each other, told by the agents."""
    assert stand.fleet is not None
    pools = (await stand.admin.call("listStoragePools"))["storagepool"]
    wanted = {pool["id"] for pool in pools}
    missing = 0
    for line in await stand.fleet.ask("state"):
        agent: dict[str, Any] = line.get("agent", {})
        if "pools" in agent:
            missing += len(wanted - set(agent["pools"]))
    return missing
