"""The server on PostgreSQL: an empty database, everything killed, a database that goes away for a moment."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.cloud.installation import Installation
from tests.postgresql import OwnCluster, own_cluster

from lakh.contract.client import ClientError
from lakh.lab.installation import until

AT_ONCE_SECONDS = 5.0
HANGING_SECONDS = 30.0
"""Six where nobody else works."""


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    with own_cluster() as made:
        yield made


@pytest.fixture
async def installation(cluster: OwnCluster, tmp_path: Path) -> AsyncIterator[Installation]:
    """On a database without a single table."""
    made = Installation(tmp_path / "cloud", store=cluster.url(await cluster.fresh()))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_everything_killed_everything_back(installation: Installation) -> None:
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    for pid in installation.server.pids():
        os.kill(pid, signal.SIGKILL)
    installation.server.process.wait()
    installation.start_server()
    await installation.server.ready()
    vms = [(await client.wait(job["jobid"]))["virtualmachine"] for job in started]
    assert await installation.domains() == {vm["instancename"]: [vm["hostname"]] for vm in vms}
    assert len(await installation.files()) == 20


async def test_a_database_that_goes_away_is_waited_for(installation: Installation, cluster: OwnCluster) -> None:
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    cluster.stop()
    for _ in range(3):
        async with asyncio.timeout(AT_ONCE_SECONDS):
            with pytest.raises(ClientError) as away:
                await client.call("deployVirtualMachine", **installation.deployment(name="too-soon"))
        assert away.value.errorcode == 503
    cluster.start()
    await until(partial(_serves, installation), 30, "the server does not find its database again")
    vms = [(await client.wait(job["jobid"]))["virtualmachine"] for job in started]
    assert await installation.domains() == {vm["instancename"]: [vm["hostname"]] for vm in vms}


async def test_a_database_that_hangs_is_waited_for(installation: Installation, cluster: OwnCluster) -> None:
    """Its processes are stopped, and nobody's connection breaks."""
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    cluster.freeze()
    async with asyncio.timeout(HANGING_SECONDS):
        with pytest.raises(ClientError) as away:
            await client.call("deployVirtualMachine", **installation.deployment(name="too-soon"))
    assert away.value.errorcode == 503
    async with asyncio.timeout(AT_ONCE_SECONDS):
        with pytest.raises(ClientError) as away:
            await client.call("deployVirtualMachine", **installation.deployment(name="too-soon-again"))
    assert away.value.errorcode == 503
    cluster.thaw()
    await until(partial(_serves, installation), 30, "the server does not find its database again")
    vms = [(await client.wait(job["jobid"]))["virtualmachine"] for job in started]
    running = {vm["instancename"]: [vm["hostname"]] for vm in vms}
    assert running.items() <= (await installation.domains()).items()


async def _serves(installation: Installation) -> bool:
    try:
        await installation.client.call("listVirtualMachines", listall=True)
    except ClientError as error:
        if error.errorcode != 503:
            raise
        return False
    return True
