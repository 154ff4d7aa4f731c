"""Two control processes over one store: who lives, who leads, whose jobs, and whose turn in a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.flows.server import Server, new_cloud
from tests.flows.test_deploy import deployment
from tests.invariants import check_store

from lakh.base.errors import InternalError
from lakh.jobs.cloud import Cloud
from lakh.jobs.control import ALL, DOWN, UP
from lakh.jobs.lines import JobLineRow
from lakh.jobs.membership import BEAT_SECONDS, LEASE_SECONDS, MARGIN_SECONDS, Membership
from lakh.jobs.row import SUCCEEDED, JobRow
from lakh.jobs.worker import Worker
from lakh.resources.configuration.values import Settings
from lakh.resources.finishing import CommandChildren, completed_event
from lakh.resources.management_server.row import INSERT as INSERT_SERVER
from lakh.resources.management_server.row import NEW_EPOCH, ManagementServerRow
from lakh.resources.vm.reboot import RebootVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.store.ids import RowIds
from lakh.store.statement import TxnSpec, select
from lakh.store.store import Store, StoreUnavailableError
from lakh.wire.message import Message

_LAST = RebootVirtualMachine.FLOW.steps[-1].name
PLACES = select("test.job_lines", JobLineRow, "ORDER BY sync_key")


class Watch:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def now_ms(self) -> int:
        return int(self.now * 1000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Control:
    """One control process with nothing but its membership."""

    def __init__(self, cloud: Cloud, number: int) -> None:
        self.cloud = cloud
        self.clock = cloud.clock = Watch()  # type: ignore[assignment]
        cloud.number, cloud.controls = number, 2
        cloud.worker = Worker(cloud)
        self.membership = Membership(cloud, number)
        self.events: list[str] = []
        self.membership.on_lead = lambda: self.events.append("leads")
        self.membership.on_fenced = lambda: self.events.append("fenced")

    async def passes(self, seconds: float) -> None:
        """Lives for so long."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += BEAT_SECONDS
            await self.membership.pass_once()
            await self.membership.taken_over()


async def _control(server: Server, number: int, epoch: int, *, first: bool = False) -> Control:
    made = Control(new_cloud(server.store, server.hosts, await RowIds(server.store).open(), epoch), number)
    await made.membership.begin(first=first)
    made.membership.serve()
    await made.passes(BEAT_SECONDS)
    return made


async def _states(store: Store) -> dict[int, str]:
    return {row.epoch: row.state for row in await store.rows(ALL)}


async def test_the_oldest_leads_and_the_next_one_when_it_dies(server: Server) -> None:
    one = await _control(server, 1, 11, first=True)
    two = await _control(server, 2, 12)
    assert (one.events, two.events) == (["leads"], [])
    await two.passes(LEASE_SECONDS)
    assert two.events == [], "the first one may live"
    await two.passes(MARGIN_SECONDS + 2 * BEAT_SECONDS)
    assert two.events == ["leads"]
    assert await _states(server.store) == {12: UP}
    assert one.cloud.leads, "it does not know yet"
    await one.passes(BEAT_SECONDS)
    assert one.events == ["leads", "fenced"]


async def test_who_beats_is_left_alone(server: Server) -> None:
    one = await _control(server, 1, 11, first=True)
    two = await _control(server, 2, 12)
    for _ in range(20):
        await one.passes(BEAT_SECONDS)
        await two.passes(BEAT_SECONDS)
    assert await _states(server.store) == {11: UP, 12: UP}
    assert (one.events, two.events) == (["leads"], [])


async def test_one_that_starts_again_declares_its_predecessor_down_and_does_not_lead(server: Server) -> None:
    await _control(server, 1, 11, first=True)
    two = await _control(server, 2, 12)
    again = Control(new_cloud(server.store, server.hosts, await RowIds(server.store).open(), 13), 1)
    await again.membership.begin(first=False)
    assert await _states(server.store) == {11: DOWN, 12: UP, 13: UP}
    await two.passes(BEAT_SECONDS)
    assert two.events == ["leads"]
    again.membership.serve()
    await again.membership.pass_once()
    await again.membership.taken_over()
    assert again.events == []


async def test_a_lease_runs_out_while_nobody_hears_the_beats(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await _control(server, 1, 11, first=True)
    two = await _control(server, 2, 12)
    await two.membership.lease()

    async def away(_txn: object) -> list[int]:
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(server.store, "submit", away)
        two.clock.now += LEASE_SECONDS
        with pytest.raises(StoreUnavailableError):
            await two.membership.pass_once()
        lease = asyncio.create_task(two.membership.lease())
        await asyncio.sleep(0)
        assert not lease.done()
    await two.passes(BEAT_SECONDS)
    await lease
    assert await _states(server.store) == {11: UP, 12: UP}
    assert one.events == ["leads"]


# --- jobs ------------------------------------------------------------------------------------------------------------
@pytest.fixture
async def other(server: Server) -> AsyncIterator[Server]:
    """A second control process over the same store and hosts; both are in the second and third epoch."""
    second = Server(server.store)
    second.hosts, second.world = server.hosts, server.world
    for each, number, epoch in ((server, 1, 2), (second, 2, 3)):
        await each.cloud.worker.stop() if each is server else None
        each.cloud = cloud = new_cloud(server.store, server.hosts, await RowIds(server.store).open(), epoch)
        cloud.number, cloud.controls = number, 2
        cloud.worker = Worker(cloud, probe=each._probe)
        cloud.worker.on_finished = completed_event
        cloud.children = CommandChildren(cloud)
        await cloud.part(Settings).refresh()
        await Membership(cloud, number).begin(first=number == 1)
        each.world.cloud = cloud
        await each.world.connect()
    yield second
    await second.stop()


async def test_jobs_in_one_line_take_turns_across_processes(server: Server, other: Server) -> None:
    job = await server.run(deployment(server))
    assert job.status == SUCCEEDED
    vm = job.instance_uuid
    assert vm is not None
    running: set[str] = set()
    most = 0

    def note(when: str, job: JobRow, step: str) -> None:
        nonlocal most
        running.discard(job.uuid) if when == "committed" and step == _LAST else running.add(job.uuid)
        most = max(most, len(running))

    server.probe = other.probe = note
    row = await server.find(VmRow, vm)
    begun = [(each, await each.admit(RebootVirtualMachine(id=row.id))) for _ in range(4) for each in (server, other)]
    for each, waiting in begun:
        assert (await each.ended(waiting.uuid)).status == SUCCEEDED
    assert most == 1, "two jobs on one VM at once"
    assert await server.store.rows(PLACES) == []


async def test_jobs_of_the_dead_are_taken_over_once(server: Server, other: Server) -> None:
    begun = [await server.admit(deployment(server)) for _ in range(6)]
    await server.cloud.worker.stop()  # as if it were killed
    assert await other.cloud.worker.take_over() == 0, "it has not been declared down"
    membership = Membership(other.cloud, 1)  # the same place, started again
    other.cloud.epoch = 4
    await membership.begin(first=False)
    assert await other.cloud.worker.take_over() == 6
    assert await other.cloud.worker.take_over() == 0
    for job in begun:
        done = await other.ended(job.uuid)
        assert (done.status, done.token) == (SUCCEEDED, 4)
    await check_store(server.store)
    assert await server.store.rows(PLACES) == []


async def test_a_shutdown_is_prepared_in_all_processes(server: Server, other: Server) -> None:
    now_ms = server.cloud.now_ms()
    row = ManagementServerRow(server.cloud.server_id, server.cloud.uuid(), "one", 7, "Up", "1.0", 1, now_ms, now_ms)
    await server.put((INSERT_SERVER, row))
    vm = await server.find(VmRow, (await server.run(deployment(server))).instance_uuid or "")
    held, go_on = asyncio.Event(), asyncio.Event()
    reboot = server.hosts.call

    async def slow(*given: Any, **how: Any) -> list[Message]:
        held.set()
        await go_on.wait()
        return await reboot(*given, **how)

    server.hosts.call = slow  # type: ignore[method-assign]
    under_way = await server.admit(RebootVirtualMachine(id=vm.id))
    await held.wait()
    prepared = await other.call("prepareForShutdown", managementserverid=row.id)
    assert (prepared.state, prepared.readyforshutdown, prepared.pendingjobscount) == ("PreparingForShutDown", False, 1)
    for each in (server, other):
        with pytest.raises(InternalError, match="can not accept new jobs"):
            await each.admit(RebootVirtualMachine(id=vm.id))
    go_on.set()
    assert (await server.ended(under_way.uuid)).status == SUCCEEDED
    for each in (server, other):
        ready = await each.call("readyForShutdown", managementserverid=row.id)
        assert (ready.state, ready.readyforshutdown, ready.pendingjobscount) == ("ReadyToShutDown", True, 0)
    await server.call("cancelShutdown", managementserverid=row.id)
    assert (await other.run(RebootVirtualMachine(id=vm.id))).status == SUCCEEDED


@pytest.mark.parametrize("first", [True, False])
async def test_a_process_that_starts_again_leaves_what_was_asked_of_its_server(server: Server, first: bool) -> None:
    """Only the start of the whole server ends the preparation of its shutdown."""
    now_ms = server.cloud.now_ms()
    row = ManagementServerRow(77, server.cloud.uuid(), "all", 7, "PreparingForShutDown", "1.0", 1, now_ms, now_ms)
    await server.put((INSERT_SERVER, row))
    await server.store.submit(TxnSpec("test.start").add(NEW_EPOCH, 77, 1, now_ms, "1.0", first))
    after = await server.row(ManagementServerRow, 77)
    assert (after.epoch, after.state) == (2, "Up" if first else "PreparingForShutDown")
