"""A control process may die at any moment: agents stay connected, and the next one goes on where it stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.gateway.conftest import Attach, Connect
from tests.gateway.stand import Agent, Control, Gateways, Stand, command, only, settings, soon

from lakh.base import limits
from lakh.bus import messages as bus
from lakh.bus.hosts import HostUnreachableError
from lakh.bus.socket import BusDialer
from lakh.wire.tls import TlsSide


@pytest.fixture
def second_control() -> Control:
    return Control()


def kill(gateways: Gateways) -> None:
    """As kill -9: the sockets close."""
    gateways.close()


def start(stand: Stand, control: Control, **changes: object) -> Gateways:
    made = Gateways(settings(**changes), control)
    made.listen(stand.path)
    stand.pass_time(2)  # the loss is noticed, the dialer tries again
    return made


async def test_a_new_control_process_adopts_the_sessions(
    attach: Attach, gateways: Gateways, stand: Stand, second_control: Control
) -> None:
    agent = await attach(5)
    gateways.host_is_up(5)
    in_flight = asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=1)]))
    request = await agent.frame()
    kill(gateways)
    with pytest.raises(HostUnreachableError) as lost:
        await soon(in_flight)
    assert lost.value.sent
    assert only(await agent.ping({})).name == "PingAnswer"  # nobody is there, and the agent does not notice
    second = start(stand, second_control)
    assert await soon(second_control.adopted.get()) == (5,)
    assert second.is_connected(5)
    # the old call still holds the host's in-sequence place; its answer frees it and goes nowhere
    following = asyncio.create_task(second.call(5, [command("ReadyCommand", n=2)]))
    await agent.ping({})
    await agent.answer(request.header, command("ReadyAnswer", result=True, details="for nobody"))
    frame = await agent.frame()
    while only(frame).name == "PingAnswer":
        frame = await agent.frame()
    assert only(frame).body["n"] == 2
    await agent.answer(frame.header, command("ReadyAnswer", result=True, details="for the second"))
    assert (await soon(following))[0].details == "for the second"
    assert agent.sock.fileno() >= 0
    assert stand.gateway.figures.accepts == 1
    second.close()


async def test_unsent_requests_of_a_dead_control_process_are_never_sent(
    attach: Attach, gateways: Gateways, stand: Stand, second_control: Control
) -> None:
    agent = await attach(5)
    calls = [asyncio.create_task(gateways.call(5, [command("ReadyCommand", n=n)])) for n in range(3)]
    request = await agent.frame()
    await stand.until(lambda: stand.gateway.figures.calls == 3)
    kill(gateways)
    await asyncio.gather(*calls, return_exceptions=True)
    second = start(stand, second_control)
    await soon(second_control.startups.get())  # the host was not up yet
    await agent.answer(request.header, command("ReadyAnswer", result=True))
    fresh = asyncio.create_task(second.call(5, [command("ReadyCommand", n=99)]))
    frame = await agent.frame()
    assert only(frame).body["n"] == 99
    await agent.answer(frame.header, command("ReadyAnswer", result=True))
    await soon(fresh)
    second.close()


async def test_agents_that_start_meanwhile_wait_for_the_next_control_process(
    connect: Connect, gateways: Gateways, stand: Stand, second_control: Control
) -> None:
    kill(gateways)
    await stand.until(lambda: stand.gateway._uplinks.owner() is None)
    agent = await connect()
    await agent.say_startup("guid-9")
    assert only(await agent.frame()).name == "StartupAnswer"
    assert only(await agent.ping({})).body["sendStartup"] is False
    second = start(stand, second_control)
    starting = await soon(second_control.startups.get())
    assert starting.startup().agent.guid == "guid-9"
    starting.attach(9)
    await stand.until(lambda: stand.gateway.holds(9))
    assert second.is_connected(9)
    second.close()


async def test_a_host_half_way_to_up_is_started_again_by_the_next_one(
    attach: Attach, gateways: Gateways, stand: Stand, second_control: Control
) -> None:
    await attach(5)
    kill(gateways)
    second = start(stand, second_control)
    starting = await soon(second_control.startups.get())
    assert starting.attached_host_id == 5
    assert second.is_connected(5)
    assert second_control.adopted.empty()
    second.close()


async def test_a_new_control_process_hears_reports_and_silence_again(
    attach: Attach, gateways: Gateways, control: Control, stand: Stand, second_control: Control
) -> None:
    lively, _silent = await attach(5), await attach(6)
    stand.pass_time(100)
    await lively.ping({"i-2-3-VM": "PowerOn"})
    await soon(control.reports.get())
    stand.pass_time(60)
    assert await soon(control.behind.get()) == (6,)
    kill(gateways)
    second = start(stand, second_control)
    assert await soon(second_control.behind.get()) == (6,)
    await lively.ping({"i-2-3-VM": "PowerOn"})
    assert (await soon(second_control.reports.get())).states == {"i-2-3-VM": "PowerOn"}
    second.close()


async def test_a_dead_gateway_fails_calls_at_once_and_its_hosts_only_after_a_while(
    attach: Attach,
    gateways: Gateways,
    control: Control,
    server_tls: TlsSide,
    tmp_path: Path,
    stand: Stand,
    client_tls: TlsSide,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "GATEWAY_LOST_SECONDS", 0.2)
    other = Stand(server_tls, tmp_path / "bus", number=2)
    await other.until(lambda: other.gateway.newcomers.is_listening)
    agents = []
    for host_id in (7, 8):
        agent = await Agent.connect(other.port, client_tls)
        agents.append(agent)
        await agent.say_startup()
        await agent.frame()
        (await soon(control.startups.get())).attach(host_id)
        await other.until(lambda host_id=host_id: other.gateway.holds(host_id))  # type: ignore[misc]
    call = asyncio.create_task(gateways.call(7, [command("CheckHealthCommand")]))
    await agents[0].frame()
    other.die()
    with pytest.raises(HostUnreachableError, match="gateway") as error:
        await soon(call)
    assert error.value.sent
    assert await soon(control.gateways_lost.get()) == (2, (7, 8))
    assert not gateways.is_connected(7)
    assert control.gone.empty()
    await attach(8)  # comes back through the other gateway
    assert await soon(control.gone.get()) == ((7,), "gateway-lost")
    assert gateways.is_connected(8)
    assert control.gone.empty()
    for agent in agents:
        agent.close()


async def test_a_host_that_comes_back_elsewhere_leaves_its_old_gateway(
    attach: Attach,
    gateways: Gateways,
    control: Control,
    server_tls: TlsSide,
    tmp_path: Path,
    stand: Stand,
    client_tls: TlsSide,
) -> None:
    old = await attach(5)
    other = Stand(server_tls, tmp_path / "bus", number=2)
    await other.until(lambda: other.gateway.newcomers.is_listening)
    new = await Agent.connect(other.port, client_tls)
    await new.say_startup()
    await new.frame()
    (await soon(control.startups.get())).attach(5)
    assert await old.closed()
    assert gateways.is_connected(5)
    call = asyncio.create_task(gateways.call(5, [command("CheckHealthCommand")]))
    request = await new.frame()
    await new.answer(request.header, command("CheckHealthAnswer", result=True))
    assert (await soon(call))[0].result
    assert control.gone.empty()
    new.close()
    other.die()


async def test_a_second_control_process_calls_hosts_that_the_first_attached(
    connect: Connect, gateways: Gateways, control: Control, stand: Stand, tmp_path: Path, second_control: Control
) -> None:
    second = Gateways(settings(owns_liveness=False), second_control)
    second.listen(str(tmp_path / "second"))
    dialer = BusDialer(str(tmp_path / "second"), stand.loop, bus.ToGateway, stand.gateway.connect)
    dialer.dial()
    agent = await connect()
    await agent.say_startup()
    await agent.frame()
    (await soon(control.startups.get())).attach(5)
    await stand.until(lambda: stand.gateway.holds(5))
    while not second.is_connected(5):
        await agent.ping({})  # each round trip lets the bus deliver
    call = asyncio.create_task(second.call(5, [command("CheckHealthCommand")]))
    request = await agent.frame()
    await agent.answer(request.header, command("CheckHealthAnswer", result=True))
    assert (await soon(call))[0].name == "CheckHealthAnswer"
    assert second_control.startups.empty()
    assert second_control.reports.empty()
    agent.close()
    assert await soon(second_control.gone.get()) == ((5,), "closed")
    dialer.close()
    second.close()
