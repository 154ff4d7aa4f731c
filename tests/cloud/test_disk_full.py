"""A server whose store's disk is full: what changes nothing is answered, the rest is told so at once; jobs wait."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cloud.installation import Installation

from lakh.contract.client import ClientError

AT_ONCE_SECONDS = 5.0


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """On SQLite, whatever the other tests run on."""
    folder = tmp_path / "cloud"
    folder.mkdir()
    made = Installation(folder, store=f"sqlite:///{folder / 'lakh.db'}")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@contextmanager
def full_disk(installation: Installation) -> Iterator[None]:
    """Files of the control process may not grow beyond its log of today: writing fails as on a full disk."""
    (pid,) = installation.server.part_pids()["control"]
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    room = (installation.folder / "lakh.db-wal").stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


async def refused(installation: Installation) -> ClientError:
    """The first refusal; what the log has room for is taken."""
    while True:
        try:
            await installation.client.call("deployVirtualMachine", **installation.deployment())
        except ClientError as error:
            return error


async def test_a_full_disk_is_waited_for(installation: Installation) -> None:
    client = installation.client
    started = [await client.call("deployVirtualMachine", **installation.deployment(name=f"vm-{i}")) for i in range(20)]
    with full_disk(installation):
        async with asyncio.timeout(AT_ONCE_SECONDS):
            refusal = await refused(installation)
        assert (refusal.errorcode, "disk" in refusal.text) == (503, True), refusal.text
        assert (await client.call("listZones"))["count"] == 1
        assert (await client.call("listVirtualMachines", listall=True))["count"] >= 20
    vms = [(await client.wait(job["jobid"]))["virtualmachine"] for job in started]
    assert {vm["state"] for vm in vms} == {"Running"}
    later = await client.call("deployVirtualMachine", **installation.deployment(name="later"))
    assert (await client.wait(later["jobid"]))["virtualmachine"]["state"] == "Running"
    domains = await installation.domains()
    listed = (await client.call("listVirtualMachines", listall=True, pagesize=500, page=1))["virtualmachine"]
    assert domains == {vm["instancename"]: [vm["hostname"]] for vm in listed if vm["state"] == "Running"}
