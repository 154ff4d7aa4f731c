"""The bus over a unix socket: order, batches, back-pressure and loss; and the same over function calls."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakh.base import limits
from lakh.bus import messages as bus
from lakh.bus.connection import Connection
from lakh.bus.inprocess import pair
from lakh.bus.socket import AsyncioPoller, BusAddressError, BusDialer, BusListener, BusSocket, Inbox, Outbox

Received = asyncio.Queue[msgspec.Struct]
PATIENCE_SECONDS = 10.0


def hear(end: Connection) -> tuple[Received, asyncio.Event]:
    """What arrives at this end from now on, and whether it is lost."""
    received: Received = asyncio.Queue()
    lost = asyncio.Event()
    end.on_message = received.put_nowait
    end.on_lost = lost.set
    return received, lost


def socket_pair() -> tuple[BusSocket, BusSocket]:
    """Control's end and a gateway's end."""
    one, other = socket.socketpair(socket.AF_UNIX)
    poller = AsyncioPoller()
    return BusSocket(one, poller, bus.FromGateway), BusSocket(other, poller, bus.ToGateway)


@pytest.fixture(params=["socket", "in-process"])
async def ends(request: pytest.FixtureRequest) -> tuple[Connection, Connection]:
    return socket_pair() if request.param == "socket" else pair()


def call(number: int, commands: bytes = b"[]") -> bus.Call:
    return bus.Call(number, 5, commands, 1, in_sequence=False, stop_on_error=True, timeout_seconds=60.0)


async def test_messages_arrive_in_order_and_whole(ends: tuple[Connection, Connection]) -> None:
    control, gateway = ends
    at_gateway, _ = hear(gateway)
    at_control, _ = hear(control)
    sent = [call(number, b"x" * (number * 1000)) for number in range(200)]
    for message in sent:
        control.send(message)
    gateway.send(bus.AgentGone(1, 5, "closed"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert [await at_gateway.get() for _ in sent] == sent
        assert await at_control.get() == bus.AgentGone(1, 5, "closed")


async def test_nothing_is_delivered_from_inside_send(ends: tuple[Connection, Connection]) -> None:
    control, gateway = ends
    received, _ = hear(gateway)
    control.send(call(1))
    assert received.empty()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await received.get()


async def test_closing_tells_the_other_end_after_what_was_sent(ends: tuple[Connection, Connection]) -> None:
    control, gateway = ends
    received, lost = hear(gateway)
    _, lost_here = hear(control)
    control.send(call(1))
    control.close()
    control.send(call(2))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await lost.wait()
    assert [received.get_nowait()] == [call(1)]
    assert received.empty()
    assert not gateway.is_open
    assert not control.is_open
    assert not lost_here.is_set()


async def test_a_broken_pair_in_one_process_loses_what_is_under_way() -> None:
    control, gateway = pair()
    received, lost = hear(gateway)
    _, lost_here = hear(control)
    control.send(call(1))
    control.lose()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(lost.wait(), lost_here.wait())
    assert received.empty()


async def test_many_messages_of_one_turn_are_one_write() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.setblocking(False)
    end = BusSocket(ours, AsyncioPoller(), bus.FromGateway)
    for number in range(100):
        end.send(call(number))
    with pytest.raises(BlockingIOError):
        theirs.recv(1)
    await asyncio.get_running_loop().sock_recv(theirs, 1)
    assert end.backlog_bytes == 0
    end.close()
    theirs.close()


async def test_a_peer_that_does_not_read_is_lost_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BUS_BACKLOG_BYTES", 1_000_000)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    end = BusSocket(ours, AsyncioPoller(), bus.FromGateway)
    _, lost = hear(end)
    sent = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while end.is_open:
            end.send(call(sent, b"x" * 100_000))
            sent += 1
            await asyncio.sleep(0)
        await lost.wait()
    assert 10 <= sent < 50
    theirs.close()


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x01\xc1",
        b"\x00\x00\x00\x08\x91\xa6Nobody",
        b"\x00\x00\x00\x0b\x93\xa9AgentGone",
    ],
)
async def test_a_peer_of_another_make_is_lost(junk: bytes) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    end = BusSocket(ours, AsyncioPoller(), bus.FromGateway)
    _, lost = hear(end)
    theirs.send(junk)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await lost.wait()
    theirs.close()


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 400))
def test_messages_survive_any_split_of_the_stream(payloads: list[bytes], step: int) -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    outbox, inbox = Outbox(), Inbox(bus.ToGateway)
    sent = [call(number, payload) for number, payload in enumerate(payloads)]
    for message in sent:
        outbox.put(message)
    assert outbox.write_to(one)
    one.close()
    received: list[msgspec.Struct] = []
    while data := other.recv(step):
        received += inbox.feed(memoryview(data))
    other.close()
    assert received == sent


def test_messages_of_an_older_peer_lack_the_newest_fields() -> None:
    old = msgspec.msgpack.encode(["AgentStartup", 1, "10.0.0.1", -1, -1, b"[]"])
    assert msgspec.msgpack.decode(old, type=bus.FromGateway) == bus.AgentStartup(1, "10.0.0.1", -1, -1, b"[]")


async def test_a_gateway_finds_its_control_process_whenever_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BUS_RETRY_SECONDS", 0.01)
    path = str(tmp_path / "bus")
    poller = AsyncioPoller()
    at_control: asyncio.Queue[BusSocket] = asyncio.Queue()
    at_gateway: asyncio.Queue[BusSocket] = asyncio.Queue()
    dialer = BusDialer(path, poller, bus.ToGateway, at_gateway.put_nowait)
    dialer.dial()  # nobody there yet
    for _life in range(2):
        listener = BusListener(path, poller, bus.FromGateway, at_control.put_nowait)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        async with asyncio.timeout(PATIENCE_SECONDS):
            server, client = await at_control.get(), await at_gateway.get()
            received, _ = hear(server)
            client.send(bus.AgentGone(1, 2, "closed"))
            assert await received.get() == bus.AgentGone(1, 2, "closed")
        listener.close()
        server.close()
    dialer.close()


async def test_a_dead_process_leaves_a_socket_that_the_next_one_takes_over(tmp_path: Path) -> None:
    path = str(tmp_path / "bus")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(path)
    dead.close()
    BusListener(path, AsyncioPoller(), bus.FromGateway, lambda _end: None).close()


async def test_a_path_in_use_is_a_clear_error(tmp_path: Path) -> None:
    path = str(tmp_path / "bus")
    listener = BusListener(path, AsyncioPoller(), bus.FromGateway, lambda _end: None)
    with pytest.raises(BusAddressError, match="another server listens there"):
        BusListener(path, AsyncioPoller(), bus.FromGateway, lambda _end: None)
    listener.close()
    (tmp_path / "file").write_text("precious")
    with pytest.raises(BusAddressError, match="another kind"):
        BusListener(str(tmp_path / "file"), AsyncioPoller(), bus.FromGateway, lambda _end: None)
    assert (tmp_path / "file").read_text() == "precious"
    with pytest.raises(BusAddressError, match="writable folder"):
        BusListener(str(tmp_path / "no" / "bus"), AsyncioPoller(), bus.FromGateway, lambda _end: None)
