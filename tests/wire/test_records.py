"""Records after the handshake, against another TLS: Python's own `ssl` with the system's OpenSSL."""

from __future__ import annotations

import random

import pytest
from tests.wire.sessions import raw_client, shake_hands

from lakh.base.limits import TLS_PLAINTEXT_BYTES
from lakh.wire.errors import PeerClosedError, ProtocolError
from lakh.wire.tls import TlsLink, TlsSide

CIPHERS = [
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
]


def _joined(server_side: TlsSide, ciphers: str) -> tuple[TlsLink, TlsLink]:
    server, other = TlsLink(server_side), TlsLink(raw_client(ciphers))
    shake_hands(server, other)
    return server, other


@pytest.mark.parametrize("cipher", CIPHERS)
def test_another_tls_understands_every_record_and_is_understood(server_side: TlsSide, cipher: str) -> None:
    server, other = _joined(server_side, cipher)
    dice = random.Random(cipher)
    for length in [
        1,
        TLS_PLAINTEXT_BYTES,
        TLS_PLAINTEXT_BYTES + 1,
        50_000,
        *(dice.randint(1, 3000) for _ in range(60)),
    ]:
        text = dice.randbytes(length)
        sender, receiver = (server, other) if dice.random() < 0.5 else (other, server)
        assert receiver.receive(sender.send(text)) == [text]


@pytest.mark.parametrize("cipher", CIPHERS[:3])
def test_another_tls_hears_why_its_record_was_refused(server_side: TlsSide, cipher: str) -> None:
    server, other = _joined(server_side, cipher)
    sent = bytearray(other.send(b"power off nothing"))
    sent[-1] ^= 1
    with pytest.raises(ProtocolError, match="bad record mac"):
        server.receive(bytes(sent))
    alert = server.outgoing()
    with pytest.raises(Exception, match=r"(?i)bad.record.mac"):
        other.receive(len(alert).to_bytes(4, "big") + alert)


@pytest.mark.parametrize("cipher", CIPHERS[:3])
def test_another_tls_may_end_the_session(server_side: TlsSide, cipher: str) -> None:
    server, other = _joined(server_side, cipher)
    other.end()
    alert = other.outgoing()
    with pytest.raises(PeerClosedError):
        server.receive(len(alert).to_bytes(4, "big") + alert)


def test_no_nonce_comes_twice(server_side: TlsSide, client_side: TlsSide) -> None:
    """What travels of AES-GCM's nonces goes on from the Finished of each end."""
    server, client = TlsLink(server_side), TlsLink(client_side)
    assert server.receive(client.outgoing()) == []
    assert client.receive(server.outgoing()) == []
    flights = {"client": client.outgoing()}
    server.receive(flights["client"])
    flights["server"] = server.outgoing()
    client.receive(flights["server"])
    for name, end in (("client", client), ("server", server)):
        finished = flights[name][-40:]  # header, nonce, Finished of 16 bytes, tag
        nonces = [finished[:8], *(end.send(b"x")[9:17] for _ in range(3))]
        first = int.from_bytes(nonces[0], "big")
        assert [int.from_bytes(nonce, "big") for nonce in nonces] == [(first + n) % 2**64 for n in range(4)]


def test_a_record_too_long_is_refused(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    assert client._records is not None
    record = client._records.encrypt(bytes(TLS_PLAINTEXT_BYTES + 1))
    with pytest.raises(ProtocolError, match="16 KiB"):
        server.receive(len(record).to_bytes(4, "big") + record)


def test_records_out_of_order_are_refused(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    first, second = client.send(b"first"), client.send(b"second")
    with pytest.raises(ProtocolError, match="bad record mac"):
        server.receive(second + first)


def test_too_short_a_record_is_refused(pair: tuple[TlsLink, TlsLink]) -> None:
    for length in (0, 7, 23):
        server, _ = pair
        record = b"\x17\x03\x03" + length.to_bytes(2, "big") + bytes(length)
        with pytest.raises(ProtocolError):
            server.receive((5 + length).to_bytes(4, "big") + record)
