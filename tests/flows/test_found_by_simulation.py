"""What simulated lives brought to light, told as short stories that stay when seeds tell others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.flows.scenarios.parts import deployed, deployment, stopped, vm_state
from tests.flows.server import Server

from lakh.jobs.execution import Crash
from lakh.jobs.row import FAILED, SUCCEEDED, JobRow
from lakh.resources.host.emptying import stop_lost
from lakh.resources.host.index import HostIndex
from lakh.resources.limit.row import CHARGE
from lakh.resources.storage_pool.connect import ConnectedPools
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.destroy import DestroyVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.start import StartVirtualMachine
from lakh.resources.volume.detach import DetachVolume
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError, StoreUnavailableError
from lakh.wire.message import Message


class Store:
    """Away at first."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.away = True

    def __getattr__(self, name: str) -> object:
        if self.away and name in ("read", "rows"):
            raise StoreUnavailableError("the store cannot be reached")
        return getattr(self._store, name)


async def data_disk(server: Server, vm: VmRow) -> VolumeRow:
    return next(v for v in await server.all(VolumeRow) if v.vm_id == vm.id and v.type == "DATADISK")


async def test_a_disk_of_a_vm_that_went_off_by_itself_holds_up_no_line(server: Server) -> None:
    vm = await deployed(server)
    server.hosts.hosts[vm.host_id].hypervisor.stop(vm.instance_name)
    async with asyncio.timeout(20):
        job = await server.run(DetachVolume(id=(await data_disk(server, vm)).id))
    assert job.status == FAILED


async def test_a_job_whose_vm_is_gone_when_its_turn_comes_ends(server: Server) -> None:
    vm = await stopped(server)
    gone = await server.admit(DestroyVirtualMachine(id=vm.id, expunge=True))
    start = await server.admit(StartVirtualMachine(id=vm.id))
    async with asyncio.timeout(20):
        jobs = [await server.ended(job.uuid) for job in (gone, start)]
    assert [job.status for job in jobs] == [SUCCEEDED, FAILED]
    assert "no longer exists" in (jobs[1].result_json or "")
    assert await vm_state(server, vm) == "Gone"


@pytest.mark.parametrize("part", [HostIndex, ConnectedPools])
async def test_what_is_read_once_is_read_again_after_the_store_was_away(server: Server, part: type[Any]) -> None:
    cloud = server.cloud
    store: Any = Store(cloud.store)
    cloud.store = cloud.snapshots._store = store
    read = part(cloud)
    with pytest.raises(StoreUnavailableError):
        await read.load()
    store.away = False
    await read.load()
    host_id = server.world.made.hosts[0].id
    assert read.facts[host_id].status == "Up" if part is HostIndex else read.of(host_id) == {server.world.pool.id}


@pytest.mark.parametrize("available", [True, False])
async def test_a_highly_available_vm_of_a_dead_host_runs_elsewhere(server: Server, available: bool) -> None:
    vm = await deployed(server)
    await server.call("updateVirtualMachine", id=vm.id, haenable=available)
    host_id = vm.host_id
    assert host_id is not None
    server.hosts.hosts[host_id].hypervisor.lose_power()
    server.hosts.away.add(host_id)
    index = server.cloud.part(HostIndex)
    index.set_state(host_id, status="Down")
    index.set_connected(host_id, False)
    await stop_lost(server.cloud, host_id, "its host is Down")
    await server.crash()
    await server.idle()
    after = await server.row(VmRow, vm.id)
    assert after.state == ("Running" if available else "Stopped")
    assert after.host_id != host_id
    await server.world.check()


async def test_a_limit_that_gave_way_before_it_was_looked_at_refuses_nobody(server: Server) -> None:
    store: Any = server.cloud.store
    submit, refused = store.submit, []

    async def once(txn: TxnSpec) -> list[int]:
        if txn.label == "deployVirtualMachine.admit" and not refused:
            refused.append(txn)
            raise GuardFailedError(txn.label, CHARGE.name, 1, 0)
        return await submit(txn)  # type: ignore[no-any-return]

    store.submit = once
    vm = await deployed(server)
    assert (len(refused), vm.state) == (1, "Running")
    await server.world.check()


async def test_what_a_dead_server_started_is_stopped_before_its_disks_go(server: Server) -> None:
    """The next server gets no further than the disks, and must undo all the same what came after them."""
    died = []

    def die(when: str, job: JobRow, step: str) -> None:
        if (job.command, when, step) == ("deployVirtualMachine", "after", "start") and not died:
            died.append(step)
            raise Crash

    server.probe = die
    job = await server.run(DeployVirtualMachine(**deployment(server)))
    assert len(server.world.running()) == 1
    server.hosts.refuse = lambda _host, sent: "no" if sent.name == "CopyCommand" else ""
    async with asyncio.timeout(20):
        await server.crash()
        job = await server.ended(job.uuid)
    assert job.status == FAILED
    assert (server.world.running(), server.world.files()) == ({}, set())
    await server.world.check()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("undone", ["undo start", "undo reserve"])
async def test_a_server_that_dies_on_the_way_to_another_host_goes_on(server: Server, undone: str, moment: str) -> None:
    refused: list[int] = []
    died = []

    def refuse(host_id: int, sent: Message) -> str:
        if sent.name != "StartCommand" or (refused and host_id not in refused):
            return ""
        refused.append(host_id)
        return "not here"

    def die(when: str, job: JobRow, step: str) -> None:
        if (job.command, when, step) == ("deployVirtualMachine", moment, undone) and not died:
            died.append(step)
            raise Crash

    server.hosts.refuse, server.probe = refuse, die
    job = await server.run(DeployVirtualMachine(**deployment(server)))
    assert died
    await server.crash()
    assert (await server.ended(job.uuid)).status == SUCCEEDED
    (places,) = server.world.running().values()
    assert set(places).isdisjoint(refused)
    await server.world.check()


async def test_a_deployment_that_is_being_given_up_is_not_taken_up_again(server: Server) -> None:
    """No host is left to try. The server dies after one was told to delete the disks, and it does so late."""
    late: list[tuple[int, Message]] = []

    def refuse(_host: int, sent: Message) -> str:
        return "not here" if sent.name == "StartCommand" else ""

    def die(when: str, job: JobRow, step: str) -> None:
        if (job.command, when, step) == ("deployVirtualMachine", "after", "failed") and not late:
            late.extend((host_id, sent) for host_id, sent in told if sent.name == "DeleteCommand")
            raise Crash

    told: list[tuple[int, Message]] = []
    answer = server.hosts._answer
    server.hosts._answer = lambda host_id, sent: (told.append((host_id, sent)), answer(host_id, sent))[1]  # type: ignore[method-assign, func-returns-value]
    server.hosts.refuse, server.probe = refuse, die
    job = await server.run(DeployVirtualMachine(**deployment(server)))
    assert late
    server.hosts.refuse = lambda _host, _sent: ""
    await server.crash()
    job = await server.ended(job.uuid)
    assert job.status == FAILED
    for host_id, sent in late:
        answer(host_id, sent)
    await server.world.check()


@pytest.mark.parametrize("happened", [True, False])
async def test_a_store_that_goes_away_while_the_next_host_is_reserved(server: Server, happened: bool) -> None:
    """The job was at that step before: that alone says nothing about whether this try was stored."""
    refused: list[int] = []
    store: Any = server.cloud.store
    submit, away = store.submit, []

    def refuse(host_id: int, sent: Message) -> str:
        if sent.name != "StartCommand" or refused:
            return ""
        refused.append(host_id)
        return "not here"

    async def goes_away(txn: TxnSpec) -> list[int]:
        if not refused or away or txn.label != "deployVirtualMachine.reserve":
            return await submit(txn)  # type: ignore[no-any-return]
        away.append(txn)
        if happened:
            await submit(txn)
        raise StoreUnavailableError("the engine went away")

    server.hosts.refuse, store.submit = refuse, goes_away
    async with asyncio.timeout(20):
        vm = await deployed(server)
    assert away
    assert (vm.state, vm.host_id not in refused) == ("Running", True)
    await server.world.check()
