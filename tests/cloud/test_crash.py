"""kill -9 of any server process, or of all, at any moment during 200 deployments: everything ends well by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.cloud.installation import Installation, pick
from tests.stores import fresh_url

from lakh.contract.client import ClientError
from lakh.lab.installation import until
from lakh.lab.processes import ProcessError
from lakh.resources.host.row import CAPACITIES
from lakh.resources.nic.row import NicRow
from lakh.resources.storage_pool.row import CAPACITIES as POOL_CAPACITIES
from lakh.resources.template.row import OF_POOL
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.store.opening import open_store
from lakh.store.statement import select

DEPLOYMENTS = 200
LIVE_VMS = select("test.live_vms", VmRow, "WHERE removed_ms IS NULL ORDER BY id")
LIVE_VOLUMES = select("test.live_volumes", VolumeRow, "WHERE removed_ms IS NULL ORDER BY id")
LIVE_NICS = select("test.live_nics", NicRow, "WHERE removed_ms IS NULL ORDER BY id")


async def _patient(call: Any, *arguments: Any, **parameters: Any) -> Any:
    """Calls again for as long as the server is away: a client notices a pause, not a failure."""
    answer: list[Any] = []

    async def answered() -> bool:
        try:
            answer.append(await call(*arguments, **parameters))
        except ClientError as error:
            if error.errorcode not in (0, 503, 504):
                raise
            return False
        return True

    await until(answered, 120, "the server does not come back")
    return answer[0]


async def _deploy(installation: Installation, numbers: Any, jobs: list[str]) -> None:
    for number in numbers:
        try:
            started = await installation.client.call(
                "deployVirtualMachine", **installation.deployment(name=f"vm-{number}")
            )
        except ClientError as error:
            if error.errorcode not in (0, 503, 504):
                raise
            await _patient(installation.client.call, "listCapabilities")
            continue  # whether it was admitted nobody told us: the agents will
        jobs.append(started["jobid"])
        await _patient(installation.client.wait, started["jobid"])


async def _kill(installation: Installation, random: Random) -> None:
    """Kills some of the server's processes once; starts the server again where its supervisor is gone."""
    doomed = pick(random, installation.server.part_pids())
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    if installation.server.process.pid in doomed:
        installation.server.process.wait()
        installation.start_server()
    await installation.server.ready()


async def _story(installation: Installation, seed: int) -> None:
    random = Random(seed)
    jobs: list[str] = []
    numbers = iter(range(DEPLOYMENTS))
    workers = [asyncio.create_task(_deploy(installation, numbers, jobs)) for _ in range(20)]
    for _ in range(3):
        goal = len(jobs) + random.randrange(10, 60)
        await until(lambda goal=goal: _reached(jobs, goal, workers), 120, "deployments do not go on")
        await _kill(installation, random)
    await asyncio.gather(*workers)
    await installation.all_up()
    pending = await installation.client.call("listAsyncJobs", listall=True)
    await asyncio.gather(*(_patient(installation.client.wait, j["jobid"]) for j in pending.get("asyncjobs", [])))
    await _check(installation)


async def _reached(jobs: list[str], goal: int, workers: list[asyncio.Task[None]]) -> bool:
    for worker in workers:
        if worker.done():
            worker.result()
    return len(jobs) >= goal or all(w.done() for w in workers)


async def _check(installation: Installation) -> None:
    """What the agents have equals what the store says; nothing is counted twice or left behind."""
    domains, files = await installation.domains(), await installation.files()
    await asyncio.to_thread(installation.server.stop)
    store = await open_store(installation.store or f"sqlite:///{installation.folder.absolute() / 'lakh.db'}")
    try:
        vms = await store.rows(LIVE_VMS)
        volumes = await store.rows(LIVE_VOLUMES)
        addresses = [nic.ip for nic in await store.rows(LIVE_NICS)]
        assert {vm.state for vm in vms} == {"Running"}
        assert sorted(domains) == sorted(vm.instance_name for vm in vms)
        assert all(len(places) == 1 for places in domains.values())
        assert files == {v.path for v in volumes}
        assert len(addresses) == len(set(addresses)) == len(vms)
        for row in await store.rows(CAPACITIES, -1):
            here = [vm for vm in vms if vm.host_id == row.host_id]
            assert (row.vms, row.memory_used_bytes) == (len(here), sum(vm.memory_mb << 20 for vm in here))
        (pool,) = await store.rows(POOL_CAPACITIES)
        templates = sum(copy.size_bytes for copy in await store.rows(OF_POOL, pool.pool_id))
        assert pool.allocated_bytes == templates + sum(v.size_bytes for v in volumes)
        assert len(vms) >= DEPLOYMENTS - 60, "only requests cut off by a crash may be missing"
    finally:
        await store.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_kill_anything_at_any_moment(tmp_path: Path, seed: int) -> None:
    await _run(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4, 24))
async def test_kill_anything_twenty_times(tmp_path: Path, seed: int) -> None:
    await _run(tmp_path, seed)


@pytest.mark.parametrize(
    "seed", [24, pytest.param(25, marks=pytest.mark.soak), pytest.param(26, marks=pytest.mark.soak)]
)
async def test_kill_anything_over_postgresql(tmp_path: Path, seed: int) -> None:
    async with fresh_url("postgresql", tmp_path) as url:
        await _run(tmp_path, seed, url)


async def _run(folder: Path, seed: int, store: str = "") -> None:
    installation = Installation(folder / "cloud", store=store)
    try:
        await installation.start()
        await _story(installation, seed)
    except ProcessError:
        print((installation.folder / "server.log").read_text()[-3000:])  # noqa: T201 - shown when the test fails
        raise
    finally:
        await installation.stop()
