"""The spine: a server with two gateways, ten agents over the real wire, a signed deployment, and the proof."""

from __future__ import annotations

import asyncio
import os
import signal

from tests.cloud.installation import Installation


async def test_a_signed_deployment_ends_on_an_agent(installation: Installation) -> None:
    done = await installation.client.job("deployVirtualMachine", **installation.deployment(name="first"))
    vm = done["virtualmachine"]
    assert vm["state"] == "Running"
    assert await installation.domains() == {vm["instancename"]: [vm["hostname"]]}
    assert len(installation.server.part_pids()["gateways"]) == 2
    assert len(await installation.files()) == 1


async def test_everything_killed_everything_back(installation: Installation) -> None:
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    for pid in installation.server.pids():
        os.kill(pid, signal.SIGKILL)
    installation.server.process.wait()
    installation.start_server()
    await installation.server.ready()
    vms = [(await client.wait(job["jobid"]))["virtualmachine"] for job in started]
    assert {vm["id"] for vm in vms} == {job["id"] for job in started}
    domains = await installation.domains()
    assert domains == {vm["instancename"]: [vm["hostname"]] for vm in vms}
    assert len(await installation.files()) == 20


async def test_a_server_whose_shutdown_is_triggered_stops_once_its_jobs_are_done(installation: Installation) -> None:
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    server = (await client.call("listManagementServers"))["managementserver"][0]["id"]
    told = (await client.call("triggerShutdown", managementserverid=server))["triggershutdown"]
    assert (told["state"], told["shutdowntriggered"]) == ("ShuttingDown", True)
    assert await asyncio.to_thread(installation.server.process.wait, 120) == 0
    installation.start_server()
    await installation.server.ready()
    for job in started:
        assert (await client.call("queryAsyncJobResult", jobid=job["jobid"]))["jobstatus"] == 1, "it ended before"
    assert (await client.call("listManagementServers"))["managementserver"][0]["state"] == "Up"
