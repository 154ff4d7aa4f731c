"""The deployment flow at every step: it fails before, fails after, crashes, repeats; nothing may leak."""

from __future__ import annotations

from typing import Any

import pytest
from tests.flows.server import Server

from lakh.base.errors import ResourceUnavailableError
from lakh.jobs.execution import Crash
from lakh.jobs.row import FAILED, PENDING, SUCCEEDED
from lakh.resources.vm.deploy import DeployVirtualMachine

STEPS = [step.name for step in DeployVirtualMachine.FLOW.steps]


def deployment(server: Server, **more: Any) -> DeployVirtualMachine:
    made = server.world.made
    return DeployVirtualMachine(
        zoneid=made.zone.id,
        templateid=made.template.id,
        serviceofferingid=made.offering.id,
        networkids=[made.network.id],
        **more,
    )


async def test_a_vm_runs_once_in_three_transactions(server: Server) -> None:
    before = server.store.counters()["transactions"]
    job = await server.run(deployment(server))
    assert job.status == SUCCEEDED
    await server.world.check()
    assert len(server.world.running()) == 1
    first = server.store.counters()["transactions"] - before
    assert first == 4, "admit, reserve, publish, and once the template's copy on the pool"
    before = server.store.counters()
    await server.run(deployment(server))
    after = server.store.counters()
    assert after["transactions"] - before["transactions"] == 3
    looked = after["statement:job.by_uuid"] - before["statement:job.by_uuid"]  # by the test
    assert after["read_statements"] - before["read_statements"] - looked == 0, "its admission knows all that it needs"
    assert after["statements"] - before["statements"] - looked <= 16


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_failed_step_is_undone(server: Server, step: str, when: str) -> None:
    def fail(now: str, _job: Any, name: str) -> None:
        if (now, name) == (when, step):
            raise ResourceUnavailableError("the test says no")

    server.probe = fail
    job = await server.run(deployment(server))
    assert job.status == FAILED
    assert "the test says no" in (job.result_json or "")
    assert server.world.running() == {}
    assert server.world.files() == set()
    await server.world.check()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after", "committed"])
async def test_a_crash_loses_nothing(server: Server, step: str, when: str) -> None:
    dead = []

    def crash(now: str, _job: Any, name: str) -> None:
        if (now, name) == (when, step) and not dead:
            dead.append(step)
            raise Crash

    server.probe = crash
    job = await server.run(deployment(server))
    commits = {s.name: s.commits for s in DeployVirtualMachine.FLOW.steps}
    if when == "committed" and not commits[step]:
        assert not dead
        return
    assert dead
    finished = when == "committed" and step == STEPS[-1]
    assert job.status == (SUCCEEDED if finished else PENDING)
    assert await server.crash() == (0 if finished else 1)
    job = await server.ended(job.uuid)
    assert job.status == SUCCEEDED
    await server.world.check()
    assert len(server.world.running()) == 1


@pytest.mark.parametrize("undone", STEPS[:-1])
async def test_a_crash_while_undoing_loses_nothing(server: Server, undone: str) -> None:
    dead = []

    def trouble(now: str, _job: Any, name: str) -> None:
        if (now, name) == ("before", "publish") and not dead:
            raise ResourceUnavailableError("no")
        if (now, name) == ("after", f"undo {undone}") and not dead:
            dead.append(undone)
            raise Crash

    server.probe = trouble
    job = await server.run(deployment(server))
    if not dead:
        return
    await server.crash()
    job = await server.ended(job.uuid)
    assert job.status in (SUCCEEDED, FAILED)
    await server.world.check()


@pytest.mark.parametrize("step", [s.name for s in DeployVirtualMachine.FLOW.steps if not s.commits])
async def test_a_repeated_step_changes_nothing(server: Server, step: str) -> None:
    flow = DeployVirtualMachine.FLOW
    found = flow.steps[flow.index(step)]

    async def twice(run: Any) -> None:
        await found.do(run)
        await found.do(run)

    import dataclasses

    steps = list(flow.steps)
    steps[flow.index(step)] = dataclasses.replace(found, do=twice)
    flow.steps, original = tuple(steps), flow.steps
    try:
        job = await server.run(deployment(server))
    finally:
        flow.steps = original
    assert job.status == SUCCEEDED
    await server.world.check()


async def test_a_host_that_refuses_is_avoided(server: Server) -> None:
    refused: list[int] = []

    def refuse(host_id: int, command: Any) -> str:
        if command.name == "StartCommand" and len(refused) < 2:
            refused.append(host_id)
            return "not today"
        return ""

    server.hosts.refuse = refuse
    before = server.store.counters()["transactions"]
    job = await server.run(deployment(server))
    assert job.status == SUCCEEDED
    (places,) = server.world.running().values()
    assert places[0] not in refused
    assert server.store.counters()["transactions"] - before == 4 + 2, "one more reservation per host"
    await server.world.check()


async def test_a_lost_answer_is_asked_again(server: Server) -> None:
    lost: list[str] = []

    def lose(_host: int, command: Any) -> bool:
        if command.name == "StartCommand" and not lost:
            lost.append(command.name)
            return True
        return False

    server.hosts.lose = lose
    job = await server.run(deployment(server))
    assert lost
    assert job.status == SUCCEEDED
    await server.world.check()
