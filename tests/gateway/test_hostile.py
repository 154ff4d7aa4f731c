"""Peers that are no agents, or bad ones: each costs a bounded amount, and real agents get in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.gateway.conftest import Attach, Connect
from tests.gateway.stand import Agent, Control, Gateways, Stand, command, only, raw_connection, soon

from lakh.base import limits
from lakh.wire.header import REQUEST, Header
from lakh.wire.payload import compress
from lakh.wire.tls import TlsLink, TlsSide


async def failed(stand: Stand, reason: str, times: int = 1) -> None:
    await stand.until(lambda: stand.gateway.figures.handshakes_failed[reason] >= times)


async def test_a_bare_tcp_probe_costs_nothing_lasting(stand: Stand) -> None:
    (await raw_connection(stand.port)).close()
    await failed(stand, "probe")
    assert stand.connections == 0


@pytest.mark.parametrize(
    "first_bytes", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x02\x00\x00\x05hello", b"\x16\x03\x01\xff\xff", b"\x00"]
)
async def test_garbage_is_closed_at_once(stand: Stand, first_bytes: bytes) -> None:
    sock = await raw_connection(stand.port)
    await asyncio.get_running_loop().sock_sendall(sock, first_bytes)
    await failed(stand, "garbage")
    assert stand.connections == 0
    sock.close()


async def test_a_hello_that_tls_refuses_gets_its_alert(stand: Stand) -> None:
    sock = await raw_connection(stand.port)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
    await failed(stand, "tls")
    assert (await soon(loop.sock_recv(sock, 100)))[0] == 0x15
    sock.close()


async def test_silent_and_slow_peers_take_no_handshake_place_and_end_in_time(
    stand: Stand, connect: Connect, client_tls: TlsSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKES_IN_FLIGHT", 4)
    hello = TlsLink(client_tls).outgoing()
    silent = [await raw_connection(stand.port) for _ in range(20)]
    slow = [await raw_connection(stand.port) for _ in range(20)]
    for sock in slow:
        await asyncio.get_running_loop().sock_sendall(sock, hello[:-1])
    await stand.until(lambda: stand.gateway.newcomers.hellos_waiting == 40)
    assert stand.gateway.newcomers.handshakes_in_flight == 0
    await (await connect()).say_startup()
    stand.pass_time(int(limits.HANDSHAKE_SECONDS) + 1)
    assert stand.gateway.figures.handshakes_failed == {"silent": 20, "timeout": 20}
    assert stand.connections == 1
    for sock in silent + slow:
        sock.close()


async def test_above_the_bound_of_waiting_peers_the_oldest_goes(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELLOS_WAITING", 5)
    peers = [await raw_connection(stand.port) for _ in range(8)]
    await failed(stand, "silent", 3)
    assert stand.connections == 5
    for sock in peers:
        sock.close()


async def test_unfinished_handshakes_lose_their_places_to_those_who_wait(
    stand: Stand, client_tls: TlsSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKES_IN_FLIGHT", 4)
    stuck = []
    for _ in range(4):
        sock = await raw_connection(stand.port)
        await asyncio.get_running_loop().sock_sendall(sock, TlsLink(client_tls).outgoing())
        stuck.append(sock)
    await stand.until(lambda: stand.gateway.newcomers.handshakes_in_flight == 4)
    waiting = asyncio.create_task(Agent.connect(stand.port, client_tls))
    await stand.until(lambda: stand.gateway.figures.accepts == 4)
    stand.pass_time(int(limits.HANDSHAKE_CROWDED_SECONDS) + 1)
    agent = await soon(waiting)
    assert stand.gateway.figures.handshakes_failed["crowded"] == 4
    agent.close()
    for sock in stuck:
        sock.close()


async def test_a_full_gateway_closes_its_listener_until_there_is_room(
    gateways: Gateways, server_tls: TlsSide, tmp_path: Path
) -> None:
    stand = Stand(server_tls, tmp_path / "bus", connections=100)
    await stand.until(lambda: stand.gateway.newcomers.is_listening)
    peers = [await raw_connection(stand.port) for _ in range(97)]
    await stand.until(lambda: not stand.gateway.newcomers.is_listening)
    with pytest.raises(ConnectionRefusedError):
        await raw_connection(stand.port)
    for sock in peers[:10]:
        sock.close()
    await failed(stand, "probe", 10)
    stand.pass_time(1)
    assert stand.gateway.newcomers.is_listening
    for sock in peers[10:]:
        sock.close()
    stand.die()


@pytest.mark.parametrize("junk", [b"", b"{}", b"[1]", b'[{"a":{},"b":{}}]', b"\xff\xfe", b"[" * 5000])
async def test_a_message_that_is_no_payload_ends_the_connection(connect: Connect, stand: Stand, junk: bytes) -> None:
    agent = await connect()
    await agent.send(Header(REQUEST, 0, len(junk), -1, -1, -1).encode() + junk)
    assert await agent.closed()
    assert stand.gateway.figures.sessions_closed["protocol"] == 1


async def test_messages_before_attach_are_short_packed_or_not(connect: Connect, stand: Stand) -> None:
    long, bomb = await connect(), await connect()
    text = b" " * (limits.STARTUP_BYTES + 1)
    await bomb.send(Header(REQUEST | 0x80, 0, 1 << 24, -1, -1, -1).encode() + compress(text))
    assert await bomb.closed()
    sending = asyncio.create_task(long.send(Header(REQUEST, 0, len(text), -1, -1, -1).encode() + text))
    assert await long.closed()
    await asyncio.gather(sending, return_exceptions=True)
    assert stand.gateway.figures.sessions_closed["protocol"] == 2


async def test_what_other_servers_would_say_is_not_listened_to(attach: Attach, stand: Stand) -> None:
    agent = await attach(5)
    body = b'[{"com.cloud.agent.api.StartupRoutingCommand":{}}]'
    await agent.send(Header(0x63, -1, len(body), 1, 5, 5).encode() + body)
    await agent.send(Header(0x23, -1, len(body), 1, 5, 5).encode() + body)
    await agent.ping({})
    assert stand.gateway.figures.discarded == 2


async def test_an_agent_that_says_startup_without_end_does_not_reach_control(
    attach: Attach, control: Control, stand: Stand
) -> None:
    agent = await attach(5)
    for _ in range(50):
        await agent.say_startup()
        assert only(await agent.frame()).name == "StartupAnswer"
    assert control.startups.empty()
    stand.now += limits.STARTUP_APART_SECONDS
    await agent.say_startup()
    assert (await soon(control.startups.get())).attached_host_id == 5


async def test_startups_that_control_is_too_slow_for_are_bounded(
    connect: Connect, stand: Stand, gateways: Gateways, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STARTUPS_WAITING_BYTES", 1000)
    agents = [await connect() for _ in range(20)]
    for agent in agents:
        await agent.say_startup()
        await agent.frame()
    await stand.until(lambda: stand.connections < 20)
    kept = stand.connections
    assert 1 <= kept < 20
    for host_id in range(kept):  # once attached and up, their place is free again
        starting = await soon(control.startups.get())
        starting.attach(host_id)
        gateways.host_is_up(host_id)
    await stand.until(lambda: all(stand.gateway.holds(host_id) for host_id in range(kept)))
    another = await connect()
    await another.say_startup()
    await another.frame()
    assert await soon(control.startups.get())


async def test_an_agent_that_does_not_read_is_dropped(
    attach: Attach, gateways: Gateways, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AGENT_SEND_BACKLOG_BYTES", 64 * 1024)
    await attach(5)
    noise = "".join(f"{n * 7919 % 65537:05x}" for n in range(60_000))
    calls = [asyncio.create_task(gateways.call(5, [command("CheckHealthCommand", text=noise)])) for _ in range(100)]
    assert await soon(control.gone.get()) == ((5,), "slow")
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results)
