"""Every flow of a user VM at every step: it fails, the server dies, and what is left is what the hosts hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.flows.server import Server
from tests.flows.test_deploy import deployment

from lakh.base.errors import ResourceUnavailableError
from lakh.healing import volumes
from lakh.healing.expunge import Expunge
from lakh.healing.volumes import Volumes
from lakh.jobs.execution import Crash
from lakh.jobs.row import FAILED, SUCCEEDED
from lakh.resources.vm.destroy import DestroyVirtualMachine
from lakh.resources.vm.expunge import ExpungeVirtualMachine
from lakh.resources.vm.migrate import MigrateVirtualMachine
from lakh.resources.vm.reboot import RebootVirtualMachine
from lakh.resources.vm.restore import RestoreVirtualMachine
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.start import StartVirtualMachine
from lakh.resources.vm.stop import StopVirtualMachine
from lakh.store.statement import select

NEWEST = select("test.newest_vm", VmRow, "WHERE type = 'User' ORDER BY id DESC LIMIT 1")

VERBS: dict[str, tuple[Any, Callable[[int], Any], str]] = {
    "stop": (StopVirtualMachine, lambda i: StopVirtualMachine(id=i), "Running"),
    "start": (StartVirtualMachine, lambda i: StartVirtualMachine(id=i), "Stopped"),
    "reboot": (RebootVirtualMachine, lambda i: RebootVirtualMachine(id=i, forced=True), "Running"),
    "destroy": (DestroyVirtualMachine, lambda i: DestroyVirtualMachine(id=i), "Running"),
    "destroy with expunge": (DestroyVirtualMachine, lambda i: DestroyVirtualMachine(id=i, expunge=True), "Running"),
    "expunge": (ExpungeVirtualMachine, lambda i: ExpungeVirtualMachine(id=i), "Destroyed"),
    "migrate": (MigrateVirtualMachine, lambda i: MigrateVirtualMachine(virtualmachineid=i), "Running"),
    "restore": (RestoreVirtualMachine, lambda i: RestoreVirtualMachine(virtualmachineid=i), "Running"),
}
STEPS = [(verb, step.name) for verb, (command, _, _) in VERBS.items() for step in command.FLOW.steps]


async def prepared(server: Server, verb: str) -> VmRow:
    """A VM in the state that the verb starts from."""
    await server.run(deployment(server))
    vm = (await server.store.rows(NEWEST))[0]
    if VERBS[verb][2] == "Stopped":
        await server.run(StopVirtualMachine(id=vm.id))
    elif VERBS[verb][2] == "Destroyed":
        await server.run(DestroyVirtualMachine(id=vm.id))
    return (await server.store.rows(NEWEST))[0]


async def tidied(server: Server) -> VmRow:
    """What the reconcilers make of it; then store, memory and hosts must agree."""
    server.probe = None
    await Expunge().run(server.cloud)
    while jobs := list(server.cloud.worker._live):
        await server.cloud.worker.wait(jobs[0])
    await Volumes().run(server.cloud)
    await server.world.check()
    return (await server.store.rows(NEWEST))[0]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is deleting volumes here."""
    monkeypatch.setattr(volumes, "LEFT_ALONE_MS", -1000)


@pytest.mark.parametrize("verb", VERBS)
async def test_it_works(server: Server, verb: str) -> None:
    vm = await prepared(server, verb)
    job = await server.run(VERBS[verb][1](vm.id))
    assert job.status == SUCCEEDED
    await tidied(server)


@pytest.mark.parametrize(("verb", "step"), STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_step_leaves_nothing_half_done(server: Server, verb: str, step: str, when: str) -> None:
    vm = await prepared(server, verb)
    command = VERBS[verb][0].SPEC.name

    def fail(now: str, job: Any, name: str) -> None:
        if (now, name, job.command) == (when, step, command):
            raise ResourceUnavailableError("the test says no")

    server.probe = fail
    job = await server.run(VERBS[verb][1](vm.id))
    assert job.status == FAILED
    await tidied(server)


@pytest.mark.parametrize(("verb", "step"), STEPS)
@pytest.mark.parametrize("when", ["before", "after", "committed"])
async def test_a_crash_loses_nothing(server: Server, verb: str, step: str, when: str) -> None:
    vm = await prepared(server, verb)
    command, dead = VERBS[verb][0].SPEC.name, []

    def crash(now: str, job: Any, name: str) -> None:
        if (now, name, job.command) == (when, step, command) and not dead:
            dead.append(step)
            raise Crash

    server.probe = crash
    job = await server.run(VERBS[verb][1](vm.id))
    if dead:
        await server.crash()
        job = await server.ended(job.uuid)
    assert job.status == SUCCEEDED
    await tidied(server)
