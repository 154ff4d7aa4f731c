"""Random damage to good messages and good sessions: nothing but ProtocolError may come out.

A case is one damaged input. A few thousand run with every change, a million in `make soak`.
"""

from __future__ import annotations

import contextlib
import random

import pytest
from tests.wire.damage import damaged, good_messages
from tests.wire.sessions import shake_hands

from lakh.wire import ping
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame
from lakh.wire.header import COMPRESSED
from lakh.wire.link import LinkReader, link_word, records
from lakh.wire.payload import split_payload
from lakh.wire.startup import read_startup
from lakh.wire.tls import TlsLink, TlsSide


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
    good = good_messages()
    refused = compressed = 0
    for _ in range(cases):
        message = damaged(dice, dice.choice(good))
        compressed += len(message) > 3 and message[3] & COMPRESSED != 0
        try:
            _read_everything(message)
        except ProtocolError:
            refused += 1
        reader = LinkReader()
        with contextlib.suppress(ProtocolError):
            for data in (message, link_word(9) + message[:9]):
                for view, _ in reader.feed(data):
                    list(records(view))
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
                server.receive(damaged(dice, client.send(b"x" * dice.choice((10, 331, 20_000)))))
                client.receive(damaged(dice, server.send(b"y" * 465)))
            else:
                server.receive(damaged(dice, client.outgoing()))
                client.receive(damaged(dice, server.outgoing()))
                server.receive(damaged(dice, client.outgoing()))
        except ProtocolError:
            broken += 1
            server.outgoing()
            client.outgoing()
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
