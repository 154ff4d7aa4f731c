"""The control side against scripted gateways: who holds which host, and calls that go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from lakh.base import limits
from lakh.bus import messages as bus
from lakh.bus.gateways import Gateways
from lakh.bus.hosts import HostUnreachableError
from lakh.bus.inprocess import InProcessEnd, pair
from lakh.wire.message import API, Message

PATIENCE_SECONDS = 10.0
SETTINGS = bus.GatewaySettings(1, 60, 2.5, ())
CHECK = Message(API + "CheckHealthCommand", {})
ANSWERS = b'[{"com.cloud.agent.api.CheckHealthAnswer":{"result":true}}]'


class Events:
    """Writes down what was reported about hosts; other reports fail the test."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, tuple[int, ...]]] = asyncio.Queue()

    def on_gone(self, host_ids: Sequence[int], reason: str) -> None:
        self.told.put_nowait((reason, tuple(host_ids)))

    def on_gateway_lost(self, gateway: int, host_ids: Sequence[int]) -> None:
        self.told.put_nowait((f"lost {gateway}", tuple(host_ids)))

    def on_adopted(self, gateway: int, host_ids: Sequence[int]) -> None:
        self.told.put_nowait((f"adopted {gateway}", tuple(host_ids)))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was not expected")


class ScriptedGateway:
    """A gateway's end of the bus that says what the test says."""

    def __init__(self, gateways: Gateways, number: int, **hosts_of_sessions: int) -> None:
        control, self.end = pair()
        self.received: asyncio.Queue[msgspec.Struct] = asyncio.Queue()
        self.end.on_message = self.received.put_nowait
        gateways.adopt(control)
        held = tuple(bus.Held(int(session[1:]), host) for session, host in hosts_of_sessions.items())
        self.end.send(bus.GatewayHello(number, 100 + number, 1000, held))

    async def next(self, kind: type[msgspec.Struct]) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await self.received.get()
            while isinstance(message, bus.GatewaySettings):
                message = await self.received.get()
        assert isinstance(message, kind)
        return message


@pytest.fixture
async def events() -> Events:
    return Events()


@pytest.fixture
async def gateways(events: Events) -> Gateways:
    return Gateways(SETTINGS, events)  # type: ignore[arg-type]


async def told(events: Events) -> tuple[str, tuple[int, ...]]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await events.told.get()


async def test_a_gateway_is_greeted_with_the_settings_and_told_of_changes(gateways: Gateways) -> None:
    gateway = ScriptedGateway(gateways, 1)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await gateway.received.get() == SETTINGS
        changed = msgspec.structs.replace(SETTINGS, ping_interval_seconds=30)
        gateways.set_settings(changed)
        assert await gateway.received.get() == changed
        late = ScriptedGateway(gateways, 2)
        assert await late.received.get() == changed


async def test_a_session_held_twice_stays_where_it_is_newer(gateways: Gateways, events: Events) -> None:
    ScriptedGateway(gateways, 1, s1=5, s2=6)
    assert await told(events) == ("adopted 1", (5, 6))
    second = ScriptedGateway(gateways, 2, s7=6, s8=7)
    assert await told(events) == ("adopted 2", (7,))
    drop = await second.next(bus.Drop)
    assert (drop.host_id, drop.session) == (6, 7)
    second.end.send(bus.AgentGone(7, 6, "dropped"))
    second.end.send(bus.AgentGone(8, 7, "closed"))
    assert await told(events) == ("closed", (7,))
    assert gateways.is_connected(6)


async def test_a_gateway_that_comes_back_before_its_old_connection_is_noticed(
    gateways: Gateways, events: Events
) -> None:
    old = ScriptedGateway(gateways, 1, s1=5, s2=6)
    assert await told(events) == ("adopted 1", (5, 6))
    call = asyncio.create_task(gateways.call(5, [CHECK]))
    await old.next(bus.Call)
    new = ScriptedGateway(gateways, 1, s1=5)
    assert await told(events) == ("lost 1", (5, 6))
    assert await told(events) == ("adopted 1", (5,))
    with pytest.raises(HostUnreachableError):
        await call
    again = asyncio.create_task(gateways.call(5, [CHECK]))
    request = await new.next(bus.Call)
    new.end.send(bus.CallDone(request.call, ANSWERS, "", sent=True))
    assert (await again)[0].name == "CheckHealthAnswer"
    assert gateways.connected_hosts() == 1


async def test_a_gateway_that_hangs_does_not_hang_its_callers(
    gateways: Gateways, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALL_GRACE_SECONDS", 0.01)
    gateway = ScriptedGateway(gateways, 1, s1=5)
    await gateways.connected(1)
    with pytest.raises(HostUnreachableError, match="silent") as error:
        await gateways.call(5, [CHECK], timeout_seconds=0.01)
    assert error.value.sent
    request = await gateway.next(bus.Call)
    assert (await gateway.next(bus.CancelCall)).call == request.call
    gateway.end.send(bus.CallDone(request.call, ANSWERS, "", sent=True))  # too late, and harmless


async def test_calls_in_flight_are_bounded(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLS_IN_FLIGHT", 2)
    gateways = Gateways(SETTINGS, events)  # type: ignore[arg-type]
    gateway = ScriptedGateway(gateways, 1, s1=5)
    await gateways.connected(1)
    calls = [asyncio.create_task(gateways.call(5, [CHECK])) for _ in range(3)]
    first, _second = await gateway.next(bus.Call), await gateway.next(bus.Call)
    assert gateway.received.empty()
    gateway.end.send(bus.CallDone(first.call, ANSWERS, "", sent=True))
    third = await gateway.next(bus.Call)
    assert third.call not in (first.call,)
    assert sum(call.done() for call in calls) == 1
    gateway.end.send(bus.AgentGone(1, 5, "closed"))
    gateway.end.close()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, HostUnreachableError) for result in results) == 2


async def test_answers_that_are_no_json_are_an_error_of_the_host(gateways: Gateways) -> None:
    gateway = ScriptedGateway(gateways, 1, s1=5)
    await gateways.connected(1)
    call = asyncio.create_task(gateways.call(5, [CHECK]))
    request = await gateway.next(bus.Call)
    gateway.end.send(bus.CallDone(request.call, b"[{", "", sent=True))
    with pytest.raises(HostUnreachableError, match="cannot be read"):
        await call


async def test_stopping_fails_what_waits_and_leaves_the_gateways(gateways: Gateways) -> None:
    gateway = ScriptedGateway(gateways, 1, s1=5)
    await gateways.connected(1)
    call = asyncio.create_task(gateways.call(5, [CHECK]))
    await gateway.next(bus.Call)
    gateways.close()
    with pytest.raises(HostUnreachableError, match="stopping"):
        await call
    assert not gateways.is_connected(5)


async def test_too_many_peers_are_turned_away(gateways: Gateways, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUS_PEERS", 1)
    ScriptedGateway(gateways, 1)
    await gateways.connected(1)
    control, refused = pair()
    lost = asyncio.Event()
    refused.on_lost = lost.set
    gateways.adopt(control)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await lost.wait()
    assert isinstance(refused, InProcessEnd)


async def test_agents_that_leave_together_are_told_of_together(gateways: Gateways, events: Events) -> None:
    gateway = ScriptedGateway(gateways, 1, **{f"s{session}": session + 100 for session in range(1, 1001)})
    await told(events)
    for session in range(1, 1001):
        gateway.end.send(bus.AgentGone(session, session + 100, "closed" if session % 2 else "shutdown"))
    heard = dict([await told(events), await told(events)])
    assert {reason: len(hosts) for reason, hosts in heard.items()} == {"closed": 500, "shutdown": 500}
    assert events.told.empty()
    assert gateways.connected_hosts() == 0
