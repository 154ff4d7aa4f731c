"""From the first frame to the last: startup, verdict, replacement, farewell (agent-protocol 3.1 to 3.6)."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway.conftest import Attach, Connect
from tests.gateway.stand import MANAGEMENT_SERVER_ID, Control, Gateways, Stand, command, only, soon
from tests.ground import Ground

from lakh.base import limits
from lakh.bus.hosts import HostUnreachableError
from lakh.resources.host.row import LIVE
from lakh.server.agents import Agents
from lakh.wire.header import FROM_SERVER, Header


async def test_startup_is_answered_before_anyone_decides(connect: Connect, control: Control) -> None:
    agent = await connect()
    sequence = await agent.say_startup("guid-7")
    answer = await agent.frame()
    assert answer.header == Header(FROM_SERVER, sequence, len(answer.payload), MANAGEMENT_SERVER_ID, -1, -1)
    body = only(answer).body
    assert (body["hostId"], body["pingInterval"], body["result"]) == (0, 60, True)
    starting = await soon(control.startups.get())
    assert starting.startup().agent.guid == "guid-7"
    assert (starting.known_host_id, starting.attached_host_id, starting.peer) == (-1, -1, "127.0.0.1")


async def test_an_attached_host_is_called_and_answers(attach: Attach, gateways: Gateways) -> None:
    assert not gateways.is_connected(5)
    agent = await attach(5)
    assert gateways.is_connected(5)

    async def be_ready() -> Header:
        request = await agent.frame()
        await agent.answer(request.header, command("ReadyAnswer", result=True, details="set up"))
        return request.header

    header, answers = await asyncio.gather(be_ready(), gateways.call(5, [command("ReadyCommand", hostId=5)]))
    assert header.flags == 0x27
    assert header.sequence == 7 * 2**48 + 1
    assert (header.management_server_id, header.host_id, header.via) == (MANAGEMENT_SERVER_ID, 5, 5)
    assert [answer.name for answer in answers] == ["ReadyAnswer"]
    assert answers[0].details == "set up"


async def test_anything_before_startup_is_discarded(connect: Connect, stand: Stand, control: Control) -> None:
    agent = await connect()
    await agent.ask([command("PingCommand")])
    await agent.ask([command("ShutdownCommand", reason="sig.kill")])
    await agent.say_startup()
    assert only(await agent.frame()).name == "StartupAnswer"
    assert stand.gateway.figures.discarded == 2
    assert control.requests.empty()


async def test_a_refused_agent_hears_why_and_is_closed(connect: Connect, control: Control, stand: Stand) -> None:
    agent = await connect()
    await agent.say_startup()
    await agent.frame()
    (await soon(control.startups.get())).refuse("no such zone: 12")
    frame = await agent.frame()
    assert (frame.header.flags, frame.header.sequence) == (0x07, -1)
    assert (frame.header.management_server_id, frame.header.host_id, frame.header.via) == (-1, -1, -1)
    assert only(frame).body["_details"] == "no such zone: 12"
    assert await agent.closed()
    agent.close()
    await stand.until(lambda: stand.connections == 0)
    assert stand.gateway.figures.sessions_closed["refused"] == 1


async def test_a_refused_agent_that_stays_is_closed_by_time(connect: Connect, control: Control, stand: Stand) -> None:
    agent = await connect()
    await agent.say_startup()
    await agent.frame()
    (await soon(control.startups.get())).refuse("no")
    await agent.frame()
    assert stand.connections == 1
    stand.pass_time(6)
    assert stand.connections == 0


async def test_a_second_session_of_a_host_replaces_the_first(
    attach: Attach, gateways: Gateways, control: Control, stand: Stand
) -> None:
    first = await attach(5)
    second = await attach(5)
    assert await first.closed()
    await stand.until(lambda: stand.connections == 1)
    assert gateways.is_connected(5)
    assert control.gone.empty()  # the host never was
    second.close()
    assert await soon(control.gone.get()) == ((5,), "closed")
    assert not gateways.is_connected(5)


async def test_a_dropped_host_is_closed_and_gone(attach: Attach, gateways: Gateways, control: Control) -> None:
    agent = await attach(5)
    gateways.drop(5)
    assert await agent.closed()
    assert await soon(control.gone.get()) == ((5,), "dropped")
    with pytest.raises(HostUnreachableError) as error:
        await gateways.call(5, [command("CheckHealthCommand")])
    assert not error.value.sent


async def test_attaching_an_agent_that_has_left_ends_in_gone(
    connect: Connect, gateways: Gateways, control: Control, stand: Stand
) -> None:
    agent = await connect()
    await agent.say_startup()
    await agent.frame()
    starting = await soon(control.startups.get())
    agent.close()
    await stand.until(lambda: stand.connections == 0)
    starting.attach(5)
    assert await soon(control.gone.get()) == ((5,), "closed")
    assert not gateways.is_connected(5)


async def test_an_agent_that_stops_says_so(attach: Attach, control: Control) -> None:
    agent = await attach(5)
    await agent.ask([command("ShutdownCommand", reason="sig.kill", removeHost=False)])
    assert await soon(control.gone.get()) == ((5,), "shutdown")
    assert await agent.closed()


async def test_an_agent_that_wants_an_update_gets_an_error_and_stays(attach: Attach, gateways: Gateways) -> None:
    agent = await attach(5)
    await agent.ask([command("ShutdownCommand", reason="whatever")])
    await agent.ask([command("ShutdownCommand", reason="update")])
    answer = only(await agent.frame())
    assert (answer.name, answer.result) == ("Answer", False)
    assert gateways.is_connected(5)


async def test_an_agents_own_request_is_answered_by_control(attach: Attach, control: Control) -> None:
    agent = await attach(5)
    sequence = await agent.ask([command("ConsoleAccessAuthenticationCommand", _host="h")])
    request = await soon(control.requests.get())
    assert request.host_id == 5
    assert request.commands()[0].body["_host"] == "h"
    request.answer([command("ConsoleAccessAuthenticationAnswer", result=True)])
    answer = await agent.frame()
    assert (answer.header.flags, answer.header.sequence, answer.header.host_id) == (0x22, sequence, 5)
    assert only(answer).name == "ConsoleAccessAuthenticationAnswer"


async def test_a_startup_that_cannot_be_read_ends_the_connection(
    connect: Connect, control: Control, ground: Ground, stand: Stand
) -> None:
    """Its JSON is in order and means nothing: the gateway answers it as any other, the verdict is control's."""
    agents = Agents(ground.api.cloud)
    agent = await connect()
    await agent.ask([command("StartupRoutingCommand", type="Routing", guid="guid-1", cpus="many", memory=[])])
    assert only(await agent.frame()).name == "StartupAnswer"
    agents.on_startup(await soon(control.startups.get()))
    assert await agent.closed()
    await stand.until(lambda: stand.connections == 0)
    assert (agents.figures.at_work, agents.figures.up, agents.figures.refused) == (0, 0, 0)
    assert await ground.api.cloud.store.rows(LIVE, 0) == []


async def test_startup_must_come_in_time(connect: Connect, stand: Stand) -> None:
    agent = await connect()
    await stand.until(lambda: stand.gateway.figures.handshakes == 1)
    stand.pass_time(int(limits.STARTUP_SECONDS) - 1)
    assert stand.connections == 1
    stand.pass_time(2)
    assert await agent.closed()
    assert stand.gateway.figures.sessions_closed["no-startup"] == 1
