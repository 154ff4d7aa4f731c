"""Hosts that hang while they are to make, copy or resize a disk, and do it when they wake up: after their job gave up,
or after the server that asked has died. Nobody uses the file's name meanwhile, and nothing stays of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from tests.flows.scenarios import parts
from tests.flows.server import ROOT_ADMIN, Server
from tests.turns import turns

from lakh.agent.dispatch import execute
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import spec_of
from lakh.jobs.row import FAILED, PENDING, JobRow
from lakh.resources.command import Call, JobCommand, admit_job
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.wire.message import Message

A_WHILE = 3000
"""Turns of the loop: pauses take none, so patience ends within."""

Request = tuple[str, dict[str, Any]]


class Hang:
    """The first host that is told one of `names` hangs, with the request in its hands, until `wake`."""

    def __init__(self, server: Server, *names: str) -> None:
        self._server = server
        self._names = names
        self._held: Sequence[Message] = ()
        self._call = server.hosts.call
        self.host_id = 0
        self.begun, self.link_lost = asyncio.Event(), asyncio.Event()
        server.hosts.call = self._take  # type: ignore[method-assign]

    async def _take(self, host_id: int, commands: Sequence[Message], **how: Any) -> list[Message]:
        if self.host_id or all(command.name not in self._names for command in commands):
            return await self._call(host_id, commands, **how)
        self.host_id, self._held = host_id, commands
        self._reachable(False)
        self.begun.set()
        await self.link_lost.wait()
        raise HostUnreachableError(host_id, "session lost while waiting")

    def wake(self) -> None:
        """It does what it was told, and comes back."""
        for command in self._held:
            execute(self._server.hosts.hosts[self.host_id], command)
        self._reachable(True)

    def die(self) -> None:
        """What it was told is never done."""
        self._server.cloud.part(HostIndex).set_state(self.host_id, status="Down")

    def _reachable(self, there: bool) -> None:
        (self._server.hosts.away.discard if there else self._server.hosts.away.add)(self.host_id)
        self._server.cloud.part(HostIndex).set_connected(self.host_id, there)


async def deploy(server: Server) -> Request:
    await parts.deployed(server)  # its template is on the pool by now
    return "deployVirtualMachine", parts.deployment(server)


async def start(server: Server) -> Request:
    await parts.deployed(server)
    return "startVirtualMachine", {"id": (await parts.deployed(server, startvm=False)).id}


async def attach(server: Server) -> Request:
    vm, volume = await parts.stopped(server), await parts.disk_on_paper(server)
    return "attachVolume", {"id": volume.id, "virtualmachineid": vm.id}


async def migrate(server: Server) -> Request:
    volume = await parts.detached_disk(server)
    return "migrateVolume", {"volumeid": volume.id, "storageid": (await parts.second_pool(server)).id}


async def resize(server: Server) -> Request:
    volume = await parts.detached_disk(server)
    return "resizeVolume", {"id": volume.id, "diskofferingid": (await parts.disk_offering(server, 9)).id}


WORK = ("CopyCommand", "CreateObjectCommand", "ResizeVolumeCommand")
every_work = pytest.mark.parametrize("request_", [deploy, start, attach, migrate, resize])


async def begun(server: Server, prepare: Callable[[Server], Awaitable[Request]]) -> tuple[Hang, JobRow]:
    """A job whose host hangs over a file."""
    name, parameters = await prepare(server)
    hang = Hang(server, *WORK)
    command = spec_of(name).declaration(**parameters)
    assert isinstance(command, JobCommand)
    job = await admit_job(command, Call(server.cloud, ROOT_ADMIN))
    await hang.begun.wait()
    return hang, job


async def holds_its_line(server: Server, job: JobRow) -> None:
    """However long it takes."""
    await turns(A_WHILE)
    assert (await server.find(JobRow, job.uuid)).status == PENDING


async def failed_for_good(server: Server, job: JobRow) -> None:
    assert (await server.ended(job.uuid)).status == FAILED
    await server.idle()
    await server.world.check()


@every_work
async def test_what_a_host_does_after_its_job_gave_up_is_undone(server: Server, request_: Any) -> None:
    hang, job = await begun(server, request_)
    hang.link_lost.set()
    await holds_its_line(server, job)
    hang.wake()
    await failed_for_good(server, job)


@every_work
async def test_the_next_server_waits_for_whom_the_dead_one_asked(server: Server, request_: Any) -> None:
    hang, job = await begun(server, request_)
    await server.crash()
    await holds_its_line(server, job)
    await server.crash()
    await holds_its_line(server, job)
    hang.wake()
    await failed_for_good(server, job)


@every_work
async def test_a_dead_host_is_not_waited_for(server: Server, request_: Any) -> None:
    hang, job = await begun(server, request_)
    hang.link_lost.set()
    await holds_its_line(server, job)
    hang.die()
    await failed_for_good(server, job)


async def test_a_start_that_failed_so_can_be_repeated(server: Server) -> None:
    hang, job = await begun(server, start)
    hang.link_lost.set()
    await holds_its_line(server, job)
    hang.wake()
    await failed_for_good(server, job)
    vm = (await server.all(VmRow))[-1]
    assert vm.state == "Stopped"
    await server.call("startVirtualMachine", id=vm.id)
    assert {volume.state for volume in await server.all(VolumeRow)} == {"Ready"}
    await server.world.check()
