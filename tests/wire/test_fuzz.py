"""Random damage to good messages and good sessions: nothing but ProtocolError may come out.

A case is one damaged input. A few thousand run with every change, a million in `make soak`.
"""

from __future__ import annotations

import contextlib
import random

import pytest
from tests.wire.sessions import shake_hands

from lakh.wire import ping
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import agent_request, decode_frame, server_request
from lakh.wire.header import COMPRESSED
from lakh.wire.link import LinkReader, count_records, link_word
from lakh.wire.message import API, Message
from lakh.wire.payload import split_payload
from lakh.wire.startup import PoolInfo, StartupCommand, read_startup, startup_payload
from lakh.wire.tls import TlsLink, TlsSide


def _good_messages() -> list[bytes]:
    states = {f"i-2-{n}-VM": "PowerOn" for n in range(5)}
    report = ping.routing_ping(1, states, host_name="kvm-1", rulesets={"i-2-1-VM": (1, 4)}, health_check=True)
    host = StartupCommand(type="Routing", cpus=4, memory=1 << 34, guid="g", host_details={"Host.OS": "Ubuntu"})
    storage = StartupCommand(type="Storage", pool_info=PoolInfo(uuid="u", capacity_bytes=5))
    startup = startup_payload(host, storage)
    return [
        agent_request([report], sequence=5, host_id=1),
        agent_request([Message(API + "ShutdownCommand", {"reason": "sig.kill"})] * 3, sequence=-1, host_id=1),
        server_request(startup, sequence=1, management_server_id=1, host_id=1, in_sequence=False),
        agent_request([Message(API + "ReadyCommand", {"hostName": "x" * 9000, "a": [1, {"b": None}]})], sequence=2),
    ]


def _damage(dice: random.Random, message: bytes) -> bytes:
    data = bytearray(message)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = dice.randrange(256)
        elif kind == 2:
            del data[at : at + dice.randrange(1, 20)]
        elif kind == 3:
            data[at:at] = dice.choice((b"[", b"{", b'"', b"null", b",", b"\xff", b"1e9", b"}]", dice.randbytes(4)))
        elif kind == 4:
            end = dice.randrange(len(data) + 1)
            data[at:at] = data[min(at, end) : max(at, end)][:50]
        else:
            del data[at:]
    return bytes(data)


def _read_everything(message: bytes) -> None:
    frame = decode_frame(message)
    with contextlib.suppress(ProtocolError):
        frame.messages()
    with contextlib.suppress(ProtocolError):
        read_startup(frame.payload)
    for _, body in split_payload(frame.payload):
        with contextlib.suppress(ProtocolError):
            read = ping.read_ping(body)
            ping.ping_answer(body)
            if read.report is not None:
                ping.power_states(read.report)
            if read.rulesets is not None:
                ping.ruleset_sequences(read.rulesets)


def _fuzz_messages(cases: int, seed: int) -> tuple[int, int]:
    """Returns how many inputs were refused as a whole, and how many were compressed ones."""
    dice = random.Random(seed)
    good = _good_messages()
    refused = compressed = 0
    for _ in range(cases):
        message = _damage(dice, dice.choice(good))
        compressed += len(message) > 3 and message[3] & COMPRESSED != 0
        try:
            _read_everything(message)
        except ProtocolError:
            refused += 1
        reader = LinkReader()
        with contextlib.suppress(ProtocolError):
            for data in (message, link_word(9) + message[:9]):
                for view, _ in reader.feed(data):
                    count_records(view)
    return refused, compressed


def _fuzz_sessions(server_side: TlsSide, client_side: TlsSide, cases: int, seed: int) -> int:
    """Damages one flight of a handshake or one message of a session each time; returns how many broke it."""
    dice = random.Random(seed)
    broken = 0
    for _ in range(cases):
        server, client = TlsLink(server_side), TlsLink(client_side)
        try:
            if dice.random() < 0.5:
                shake_hands(server, client)
                server.receive(_damage(dice, client.send(b"x" * dice.choice((10, 331, 20_000)))))
                client.receive(_damage(dice, server.send(b"y" * 465)))
            else:
                server.receive(_damage(dice, client.outgoing()))
                client.receive(_damage(dice, server.outgoing()))
                server.receive(_damage(dice, client.outgoing()))
        except ProtocolError:
            broken += 1
            server.outgoing()
            client.outgoing()
        for bio in (server_side.incoming, server_side.outgoing, client_side.incoming, client_side.outgoing):
            assert bio.pending == 0
    return broken


def test_damaged_messages() -> None:
    refused, compressed = _fuzz_messages(4000, seed=1)
    assert refused > 1000
    assert compressed > 500


def test_damaged_sessions(server_side: TlsSide, client_side: TlsSide) -> None:
    assert _fuzz_sessions(server_side, client_side, 300, seed=2) > 150
    server, client = TlsLink(server_side), TlsLink(client_side)
    shake_hands(server, client)
    assert server.receive(client.send(b"still well")) == [b"still well"]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_a_million_damaged_inputs(server_side: TlsSide, client_side: TlsSide, seed: int) -> None:
    assert _fuzz_messages(95_000, seed=100 + seed)[0] > 20_000
    assert _fuzz_sessions(server_side, client_side, 5_000, seed=200 + seed) > 2_000
