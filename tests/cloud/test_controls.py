"""Several control processes on one PostgreSQL: any answers for all, and one that is killed takes nothing with it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.cloud.installation import KEY, SECRET, Installation
from tests.http.browser import Browser
from tests.postgresql import OwnCluster, own_cluster

from lakh.contract.client import Client, ClientError
from lakh.jobs.control import ALL, UP
from lakh.jobs.row import SUCCEEDED, JobRow
from lakh.lab.installation import until
from lakh.lab.processes import ProcessError, Server
from lakh.resources.host.row import CAPACITIES
from lakh.resources.vm.row import VmRow
from lakh.store.opening import open_store
from lakh.store.statement import select, statement

CONTROLS = 3
LIVE_VMS = select("test.controls_vms", VmRow, "WHERE removed_ms IS NULL ORDER BY id")
ENDED = select("test.controls_ended", JobRow, "WHERE status <> 0 ORDER BY id")
PLACES = statement("test.places", "SELECT sync_key FROM job_line")


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    with own_cluster() as made:
        yield made


@pytest.fixture
async def installation(cluster: OwnCluster, tmp_path: Path) -> AsyncIterator[Installation]:
    made = Installation(tmp_path / "cloud", store=cluster.url(await cluster.fresh()), controls=CONTROLS)
    try:
        await made.start()
        await until(lambda: _all_there(made), 30, "not all control processes joined")
        yield made
    finally:
        await made.stop()


async def _figures(installation: Installation, name: str) -> dict[str, float]:
    """A figure of each control process by its number, as whichever answers knows it."""
    page = await asyncio.to_thread(_page, installation.api_port)
    start = f'lakh_control_{name}{{control="'
    lines = [line.rpartition(" ") for line in page.splitlines() if line.startswith(start)]
    return {label.removeprefix(start).rstrip('"}'): float(value) for label, _, value in lines}


def _page(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


async def _all_there(installation: Installation) -> bool:
    try:
        return len(await _figures(installation, "leads")) == CONTROLS
    except OSError:
        return False


async def _one_declared_down(installation: Installation) -> bool:
    """Its row says so until its jobs are taken over, and then is gone."""
    store = await open_store(installation.store)
    try:
        return [row.state for row in await store.rows(ALL)].count(UP) == CONTROLS - 1
    finally:
        await store.close()


async def _back(installation: Installation, victim: int) -> bool:
    """Whether another process serves in the place of the one that was killed."""
    pids = installation.server.part_pids()["control"]
    return victim not in pids and len(pids) == CONTROLS and await _all_there(installation)


def _clients(installation: Installation, count: int) -> list[Client]:
    """Each with connections of its own: the kernel spreads them over the control processes."""
    return [Client("127.0.0.1", installation.api_port, KEY, SECRET) for _ in range(count)]


async def _patient(client: Client, command: str, **parameters: Any) -> dict[str, Any] | None:
    """None where the process that was asked died before it answered."""
    try:
        return dict(await client.call(command, **parameters))
    except ClientError as error:
        if error.errorcode not in (0, 503, 504):
            raise
        return None


async def _told_alike(installation: Installation) -> None:
    """Store and agents tell the same story, and no place in a line is left behind."""
    store = await open_store(installation.store)
    try:
        vms = await store.rows(LIVE_VMS)
        sums = {
            row.host_id: (row.cpu_used_mhz, row.memory_used_bytes, row.vms) for row in await store.rows(CAPACITIES, -1)
        }
        places = await store.read(PLACES)
    finally:
        await store.close()
    names = {row.instance_name for row in vms if row.state == "Running"}
    assert {name: len(hosts) for name, hosts in (await installation.domains()).items()} == dict.fromkeys(names, 1)
    for host_id, (mhz, memory_bytes, count) in sums.items():
        there = [vm for vm in vms if vm.host_id == host_id]
        assert mhz == sum(vm.cpus * vm.speed_mhz for vm in there)
        assert memory_bytes == sum(vm.memory_mb << 20 for vm in there)
        assert count == len(there)
    assert places == []


async def test_what_one_did_every_other_knows_at_once(installation: Installation) -> None:
    clients = _clients(installation, 12)
    turn = cycle(clients)
    try:
        for number in range(6):
            started = await next(turn).call("deployVirtualMachine", **installation.deployment(name=f"vm-{number}"))
            vm = (await next(turn).wait(started["jobid"]))["virtualmachine"]
            for _ in range(4):
                listed = await next(turn).call("listVirtualMachines", listall=True, state="Running")
                assert listed["count"] == number + 1
                assert vm["id"] in {each["id"] for each in listed["virtualmachine"]}
            await next(turn).call("updateVirtualMachine", id=vm["id"], displayname=f"called-{number}")
            listed = await next(turn).call("listVirtualMachines", id=vm["id"])
            assert listed["virtualmachine"][0]["displayname"] == f"called-{number}"
            await next(turn).call("updateConfiguration", name="expunge.interval", value=str(1000 + number))
            for _ in range(4):
                found = await next(turn).call("listConfigurations", name="expunge.interval")
                assert found["configuration"][0]["value"] == str(1000 + number)
        leads = await _figures(installation, "leads")
        assert sorted(leads.values()) == [0.0, 0.0, 1.0]
        await _told_alike(installation)
    finally:
        for client in clients:
            await client.close()


async def test_who_has_logged_in_is_known_everywhere_also_where_a_process_began_later(
    installation: Installation,
) -> None:
    clients = _clients(installation, 13)
    browser = Browser(clients[0])
    try:
        assert (await browser.login("command=login&response=json&username=admin&password=password")).status == 200

        async def known_to_all() -> None:
            for client in clients[1:]:
                browser.client = client
                assert (await browser.get("command=listZones")).status == 200

        await known_to_all()
        for victim in installation.server.part_pids()["control"][1:]:
            os.kill(victim, signal.SIGKILL)
            await until(partial(_back, installation, victim), 60, "the killed one is not back")
        for client in clients:
            await client.close()
        clients[1:] = _clients(installation, 12)
        await known_to_all()
    finally:
        for client in clients:
            await client.close()


async def test_jobs_of_a_killed_one_are_brought_to_their_end(installation: Installation) -> None:
    clients = _clients(installation, 12)
    turn = cycle(clients)
    jobs: list[str] = []
    try:

        async def deploy(number: int) -> None:
            made = await _patient(next(turn), "deployVirtualMachine", **installation.deployment(name=f"vm-{number}"))
            if made is not None:
                jobs.append(made["jobid"])

        for first in (0, 30, 60):  # the first victim leads, the others do not
            waiting = [asyncio.create_task(deploy(number)) for number in range(first, first + 30)]
            await until(partial(_some, jobs, first // 3 + 5), 30, "no job was admitted")
            victims = installation.server.part_pids()["control"]
            victim = victims[0 if first == 0 else -1]
            os.kill(victim, signal.SIGKILL)
            await asyncio.gather(*waiting)
            await until(partial(_back, installation, victim), 60, "the killed one is not back")
        for job in jobs:
            done = await _ended(clients, job)
            assert done["jobstatus"] == 1, done
        await _told_alike(installation)
    finally:
        for client in clients:
            await client.close()


async def test_a_triggered_shutdown_stops_all_processes_once_the_jobs_of_all_are_done(
    installation: Installation,
) -> None:
    clients = _clients(installation, 12)
    try:
        made = [
            await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{number}"))
            for number, client in enumerate(clients)
        ]
        server = (await clients[0].call("listManagementServers"))["managementserver"][0]["id"]
        await clients[1].call("triggerShutdown", managementserverid=server)
        assert await asyncio.to_thread(installation.server.process.wait, 120) == 0
    finally:
        for client in clients:
            await client.close()
    store = await open_store(installation.store)
    try:
        ended = {row.uuid: row.status for row in await store.rows(ENDED)}
    finally:
        await store.close()
    assert [ended.get(job["jobid"]) for job in made] == [SUCCEEDED] * len(made)


async def _some(jobs: list[str], count: int) -> bool:
    return len(jobs) >= count


async def _ended(clients: list[Client], job: str) -> dict[str, Any]:
    """The end of a job, asked for from everybody in turn."""
    turn, answer = cycle(clients), list[dict[str, Any]]()

    async def over() -> bool:
        found = await _patient(next(turn), "queryAsyncJobResult", jobid=job)
        if found is None or found["jobstatus"] == 0:
            return False
        answer.append(found)
        return True

    await until(over, 120, f"job {job} does not end")
    return answer[0]


async def test_a_frozen_one_is_declared_down_and_starts_anew(installation: Installation) -> None:
    """What it was doing others finish; what it would do when it thaws it may no more."""
    clients = _clients(installation, 12)
    turn = cycle(clients)
    frozen = installation.server.part_pids()["control"][0]
    started = [
        await next(turn).call("deployVirtualMachine", **installation.deployment(name=f"vm-{number}"))
        for number in range(12)
    ]
    os.kill(frozen, signal.SIGSTOP)
    fresh = _clients(installation, 0)
    try:

        async def ended(job: str) -> bool:
            """Asked over new connections, until one leads to a process that is awake."""
            client = Client("127.0.0.1", installation.api_port, KEY, SECRET)
            fresh.append(client)
            try:
                async with asyncio.timeout(1.0):
                    return bool((await client.call("queryAsyncJobResult", jobid=job))["jobstatus"] == 1)
            except (TimeoutError, ClientError):
                return False

        for job in started:
            await until(lambda uuid=job["jobid"]: ended(uuid), 60, "a frozen process's job does not end")
        # Its jobs may all have been at their end before it froze: only one that was declared Down has to go.
        await until(lambda: _one_declared_down(installation), 60, "a frozen process is not declared down")
        os.kill(frozen, signal.SIGCONT)

        async def gone() -> bool:
            return frozen not in installation.server.part_pids()["control"]

        await until(gone, 30, "a process that was declared down lives on")
        await until(lambda: _all_there(installation), 60, "it is not back")
        await _told_alike(installation)
    finally:
        for client in (*clients, *fresh):
            await client.close()


async def test_the_embedded_store_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path, 1, 2, controls=2)
    with pytest.raises(ProcessError, match="controls: 2 control processes cannot share the embedded store"):
        await server.ready()
