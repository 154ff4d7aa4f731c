"""A gateway that is to be restarted parts with its agents in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import pytest
from tests.gateway.stand import Agent, Control, Gateways, Stand, command, soon
from tests.gateway.test_process import port, process  # noqa: F401 - fixtures

from lakh.base import limits
from lakh.bus.hosts import HostUnreachableError
from lakh.gateway.drain import Drain
from lakh.wire.tls import TlsSide

Attach = Callable[[int], Awaitable[Agent]]


@pytest.fixture
def ended() -> list[bool]:
    return []


@pytest.fixture
def drain(stand: Stand, ended: list[bool]) -> Drain:
    return Drain(stand.loop, stand.gateway.edge, stand.gateway.newcomers, lambda: ended.append(True))


async def test_it_listens_no_more_and_closes_a_few_at_a_time(
    stand: Stand, drain: Drain, attach: Attach, control: Control, ended: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GATEWAY_DRAIN_SECONDS", 0.2)  # two and a half in a tenth of a second
    agents = [await attach(host_id) for host_id in range(1, 6)]
    drain.begin()
    stand.turn()
    assert not stand.gateway.newcomers.is_listening
    left = [stand.connections]
    for _ in range(3):
        stand.now += 0.1
        stand.turn()
        left.append(stand.connections)
    assert (left, ended) == ([4, 2, 0, 0], [True])
    assert all([await agent.closed() for agent in agents])
    gone = [await soon(control.gone.get()) for _ in range(control.gone.qsize() or 1)]
    assert {reason for _, reason in gone} == {"restart"}


async def test_few_agents_are_spread_over_a_time(stand: Stand, drain: Drain, attach: Attach, ended: list[bool]) -> None:
    agents = [await attach(host_id) for host_id in range(1, 5)]
    drain.begin()
    left = [stand.connections]
    for _ in range(int(limits.GATEWAY_DRAIN_SECONDS * 10)):
        stand.now += 0.1
        stand.turn()
        left.append(stand.connections)
    assert [left.index(count) // 10 for count in (3, 2, 1, 0)] == [0, 5, 10, 15]
    assert all([await agent.closed() for agent in agents])
    assert ended == [True]


async def test_a_host_that_works_keeps_its_link_until_it_has_answered(
    stand: Stand, drain: Drain, attach: Attach, gateways: Gateways, ended: list[bool]
) -> None:
    idle, busy = await attach(1), await attach(2)
    call = asyncio.create_task(gateways.call(2, [command("StartCommand")]))
    request = await busy.frame()
    drain.begin()
    stand.pass_time(25)
    assert await idle.closed()
    assert (stand.connections, ended) == (1, [])
    await busy.answer(request.header, command("StartAnswer", result=True))
    assert (await soon(call))[0].result
    stand.pass_time(2)
    assert await busy.closed()
    assert (stand.connections, ended) == (0, [True])


async def test_a_host_that_never_answers_is_parted_with_all_the_same(
    stand: Stand, drain: Drain, attach: Attach, gateways: Gateways, ended: list[bool]
) -> None:
    agent = await attach(2)
    call = asyncio.create_task(gateways.call(2, [command("StartCommand")]))
    await agent.frame()
    drain.begin()
    stand.pass_time(int(limits.GATEWAY_DRAIN_SECONDS + limits.GATEWAY_DRAIN_BUSY_SECONDS) - 1)
    assert ended == []
    stand.pass_time(3)
    assert ended == [True]
    with pytest.raises(HostUnreachableError, match="restart"):
        await soon(call)


async def test_the_process_drains_at_sighup_and_ends(
    process: asyncio.subprocess.Process,  # noqa: F811
    port: int,  # noqa: F811
    control: Control,
    client_tls: TlsSide,
) -> None:
    agent = await Agent.connect(port, client_tls)
    await agent.say_startup()
    await agent.frame()
    (await soon(control.startups.get())).attach(5)
    process.send_signal(signal.SIGHUP)
    assert await agent.closed()
    assert await soon(process.wait()) == 0
    assert await soon(control.gone.get()) == ((5,), "restart")
    assert control.gateways_lost.empty()
    agent.close()
