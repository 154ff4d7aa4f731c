"""Calls: one in-sequence request per host at a time, others at once, and what happens when answers stay away."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway.conftest import Attach
from tests.gateway.stand import Control, Gateways, Stand, command, only, soon

from lakh.base import limits
from lakh.bus.hosts import HostUnreachableError

READY = command("ReadyCommand")
CHECK = command("CheckHealthCommand")


async def test_in_sequence_requests_go_one_at_a_time_and_others_pass_them(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    first = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=1)]))
    second = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=2)]))
    one = await agent.frame()
    check = asyncio.create_task(gateways.call(5, [CHECK]))
    health = await agent.frame()  # had the second request been sent, it would come before
    assert only(one).body["n"] == 1
    assert (only(health).name, health.header.flags) == ("CheckHealthCommand", 0x23)
    await agent.answer(health.header, command("CheckHealthAnswer", result=True))
    assert (await soon(check))[0].name == "CheckHealthAnswer"
    assert not first.done()
    await agent.answer(one.header, command("ReadyAnswer", result=True, details="1"))
    two = await agent.frame()
    assert only(two).body["n"] == 2
    await agent.answer(two.header, command("ReadyAnswer", result=True, details="2"))
    assert [answers[0].details for answers in await soon(asyncio.gather(first, second))] == ["1", "2"]


async def test_parallel_answers_are_matched_in_any_order(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    calls = [asyncio.create_task(gateways.call(5, [command("CheckHealthCommand", n=n)])) for n in range(10)]
    requests = [await agent.frame() for _ in calls]
    for request in reversed(requests):
        await agent.answer(
            request.header, command("CheckHealthAnswer", result=True, details=str(only(request).body["n"]))
        )
    assert [answers[0].details for answers in await soon(asyncio.gather(*calls))] == [str(n) for n in range(10)]


async def test_large_requests_and_answers_arrive_whole(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    noise = "".join(f"{n * 7919 % 65537:05x}" for n in range(60_000))  # several frames even when packed
    call = asyncio.create_task(gateways.call(5, [command("CheckHealthCommand", text=noise)]))
    request = await agent.frame()
    assert only(request).body["text"] == noise
    await agent.answer(request.header, command("CheckHealthAnswer", result=True, details=noise[::-1]))
    assert (await soon(call))[0].details == noise[::-1]


async def test_a_call_without_answer_ends_in_time_and_frees_the_queue(
    attach: Attach, gateways: Gateways, stand: Stand
) -> None:
    agent = await attach(5)
    first = asyncio.create_task(gateways.call(5, [READY], timeout_seconds=60))
    late = await agent.frame()
    second = asyncio.create_task(gateways.call(5, [READY], timeout_seconds=600))
    unsent = asyncio.create_task(gateways.call(5, [READY], timeout_seconds=30))
    await stand.until(lambda: stand.gateway.figures.calls == 3)
    stand.pass_time(31)
    with pytest.raises(HostUnreachableError) as never_sent:
        await soon(unsent)
    assert not never_sent.value.sent
    assert not first.done()
    stand.pass_time(30)
    with pytest.raises(HostUnreachableError, match="no answer in time") as timed_out:
        await soon(first)
    assert timed_out.value.sent
    request = await agent.frame()
    await agent.answer(late.header, command("ReadyAnswer", result=True, details="late"))
    await agent.answer(request.header, command("ReadyAnswer", result=True, details="in time"))
    assert (await soon(second))[0].details == "in time"
    assert stand.gateway.figures.calls_late == 1


async def test_a_cron_commands_later_answers_are_ignored(attach: Attach, gateways: Gateways, stand: Stand) -> None:
    agent = await attach(5)
    call = asyncio.create_task(gateways.call(5, [command("CleanupNetworkRulesCmd", interval=1800)]))
    request = await agent.frame()
    for run in range(3):
        await agent.answer(request.header, command("Answer", result=True, details=f"run {run}"))
    assert (await soon(call))[0].details == "run 0"
    await stand.until(lambda: stand.gateway.figures.calls_late == 2)
    assert gateways.is_connected(5)


async def test_a_lost_agent_fails_its_calls_at_once_and_tells_what_was_sent(
    attach: Attach, gateways: Gateways, control: Control, stand: Stand
) -> None:
    agent = await attach(5)
    sent = asyncio.create_task(gateways.call(5, [READY]))
    await agent.frame()
    queued = asyncio.create_task(gateways.call(5, [READY]))
    await stand.until(lambda: stand.gateway.figures.calls == 2)
    agent.close()
    with pytest.raises(HostUnreachableError) as of_sent:
        await soon(sent)
    with pytest.raises(HostUnreachableError) as of_queued:
        await soon(queued)
    assert (of_sent.value.sent, of_queued.value.sent) == (True, False)
    assert await soon(control.gone.get()) == ((5,), "closed")


async def test_a_caller_that_leaves_takes_its_queued_request_along(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    current = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=1)]))
    request = await agent.frame()
    gives_up = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=2)]))
    stays = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=3)]))
    await asyncio.sleep(0)
    gives_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    await agent.ping({})  # the cancellation has passed through the gateway when the answer is here
    await agent.answer(request.header, command("ReadyAnswer", result=True))
    await soon(current)
    following = await agent.frame()
    assert only(following).body["n"] == 3
    await agent.answer(following.header, command("ReadyAnswer", result=True))
    await soon(stays)


async def test_a_host_that_hangs_is_not_queued_for_without_end(
    attach: Attach, gateways: Gateways, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HOST_QUEUE", 3)
    await attach(5)
    calls = [asyncio.create_task(gateways.call(5, [READY])) for _ in range(5)]
    with pytest.raises(HostUnreachableError, match="too slow") as error:
        await soon(calls[4])
    assert not error.value.sent
    assert not any(call.done() for call in calls[:4])
    for call in calls[:4]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_answers_that_do_not_fit_the_request_are_an_error(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    few = asyncio.create_task(gateways.call(5, [CHECK, CHECK]))
    request = await agent.frame()
    await agent.answer(request.header, command("CheckHealthAnswer", result=True))
    with pytest.raises(HostUnreachableError, match="1 answers to 2 commands"):
        await soon(few)
