"""Whose job runs next: one account's many do not keep another's one waiting."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest
from tests.flows.server import ROOT_ADMIN, Server
from tests.flows.test_deploy import deployment

from lakh.base import limits
from lakh.jobs.row import PENDING, SUCCEEDED, JobRow
from lakh.jobs.turns import Turns
from lakh.resources.account.row import ADMIN
from lakh.resources.command import Caller

SYSTEM = Caller(1, 1, 1, ADMIN, 1, "system", "/1/")


def job(account: int, number: int = 0, **more: object) -> JobRow:
    row = JobRow(
        id=number, uuid=f"{account}-{number}", command="deployVirtualMachine", account_id=account, domain_id=1,
        user_id=1, status=PENDING, step=0, undoing=False, state_json="{}", error_json=None, sync_key=None,
        parent_uuid=None, owner=1, token=1, instance_type=None, instance_uuid=None, result_code=0, result_json=None,
        created_ms=0, completed_ms=None,
    )  # fmt: skip
    return msgspec.structs.replace(row, **more)


def test_one_account_alone_leaves_a_quarter_of_the_places_free() -> None:
    turns = Turns(2000)
    assert [turns.admit(job(5, number)) for number in range(10_000)].count(True) == 1500
    assert turns.next() is None
    assert turns.admit(job(6))


def test_accounts_that_wait_take_turns_each_with_its_oldest() -> None:
    turns = Turns(8)
    running = [job(account, number) for account in (5, 6) for number in range(50) if turns.admit(job(account, number))]
    assert Counter(row.account_id for row in running) == {5: 6, 6: 2}, "the first came first"
    began: list[JobRow] = []
    for row in running:
        turns.leave(row)
        while (following := turns.next()) is not None:
            began.append(following)
    assert Counter(row.account_id for row in began)[6] >= 3
    for account in (5, 6):
        numbers = [row.id for row in began if row.account_id == account]
        assert numbers == sorted(numbers)


def test_everybody_has_had_a_turn_at_last() -> None:
    turns = Turns(4)
    everything = [job(account, number) for account in range(5, 12) for number in range(30)]
    running = [row for row in everything if turns.admit(row)]
    ended = []
    while running:
        row = running.pop(0)
        turns.leave(row)
        ended.append(row.uuid)
        while (following := turns.next()) is not None:
            running.append(following)
    assert sorted(ended) == sorted(row.uuid for row in everything)


def test_a_child_never_waits() -> None:
    turns = Turns(2)
    assert turns.admit(job(5))
    assert turns.admit(job(5, 1))
    assert not turns.admit(job(5, 2))
    assert turns.admit(job(5, 3, parent_uuid="5-0"))


async def test_one_job_of_another_account_overtakes_the_many(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOBS_RUNNING", 4)
    await server.crash()
    assert (await server.run(deployment(server))).status == SUCCEEDED, "the template's copy is on the pool"
    all_are_in, call = asyncio.Event(), server.hosts.call

    async def held(*arguments: Any, **options: Any) -> Any:
        await all_are_in.wait()
        return await call(*arguments, **options)

    monkeypatch.setattr(server.hosts, "call", held)
    many = [await server.admit(deployment(server), ROOT_ADMIN) for _ in range(16)]
    one = await server.admit(deployment(server), SYSTEM)
    all_are_in.set()
    assert (await server.ended(one.uuid)).status == SUCCEEDED
    waiting = [row for row in many if server.cloud.worker.find(row.uuid) is row]
    assert len(waiting) >= 8, "most of the first account's jobs come after it"
    assert [(await server.ended(row.uuid)).status for row in many] == [SUCCEEDED] * 16
    await server.world.check()
