"""TLS sessions over memory: who may connect with what, and that nothing is lost between handshake and data."""

from __future__ import annotations

import random
import ssl

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.sessions import Pki, raw_client, shake_hands

from lakh.wire import certificates
from lakh.wire.errors import PeerClosedError, ProtocolError
from lakh.wire.tls import ClientRules, TlsLink, TlsSide


def _connect(server_side: TlsSide, client_side: TlsSide) -> tuple[TlsLink, TlsLink]:
    server, client = TlsLink(server_side), TlsLink(client_side)
    shake_hands(server, client)
    for sender, receiver in ((client, server), (server, client)):
        assert receiver.receive(sender.send(b"hello")) == [b"hello"]
    return server, client


@pytest.mark.parametrize(
    ("ciphers", "key_type"),
    [
        ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384", "ECPublicKey"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECPublicKey"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "RSAPublicKey"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "RSAPublicKey"),
    ],
)
def test_a_client_gets_the_certificate_its_ciphers_can_use(server_side: TlsSide, ciphers: str, key_type: str) -> None:
    shown: list[bytes | None] = []
    _connect(server_side, raw_client(ciphers, check_peer=shown.append))
    (der,) = shown
    assert der is not None
    assert type(x509.load_der_x509_certificate(der).public_key()).__name__ == key_type


def test_a_client_that_could_do_tls_1_3_gets_1_2(server_side: TlsSide) -> None:
    _connect(server_side, raw_client("ECDHE+AESGCM", version=ssl.TLSVersion.TLSv1_3))


def test_a_client_that_insists_on_tls_1_3_is_told_why_not(server_side: TlsSide) -> None:
    side = raw_client("ECDHE+AESGCM", version=ssl.TLSVersion.TLSv1_3, lowest=ssl.TLSVersion.TLSv1_3)
    server, client = TlsLink(server_side), TlsLink(side)
    with pytest.raises(ProtocolError, match="unsupported protocol"):
        server.receive(client.outgoing())
    with pytest.raises(ProtocolError, match="ALERT_PROTOCOL_VERSION"):
        client.receive(server.outgoing())


def test_both_ends_know_each_other(pki: Pki) -> None:
    authority = pki.authority.certificate_pem()
    server_side = TlsSide.server([pki.server], clients=ClientRules((pki.authority_file,)))
    client_side = TlsSide.client(certificate=pki.agent, check_peer=certificates.issued_by(authority))
    server, _ = _connect(server_side, client_side)
    facts = server.peer_facts()
    assert facts is not None
    assert facts.names == ("agent", "127.0.0.1")


def test_a_strict_server_refuses_an_agent_without_certificate(pki: Pki, client_side: TlsSide) -> None:
    strict = TlsSide.server([pki.server], clients=ClientRules((pki.authority_file,)))
    server, client = TlsLink(strict), TlsLink(client_side)
    with pytest.raises(ProtocolError, match="did not return a certificate"):
        shake_hands(server, client)
    with pytest.raises(ProtocolError, match="alert"):
        client.receive(server.outgoing())


def test_an_agent_accepts_the_authority_itself_as_the_server(pki: Pki) -> None:
    for authority, files in (
        (pki.authority, pki.authority_itself),
        (pki.rsa_authority, pki.rsa_authority_itself),
    ):
        check = certificates.issued_by(authority.certificate_pem())
        _connect(TlsSide.server([files]), TlsSide.client(check_peer=check))


def test_an_agent_refuses_a_server_of_another_authority(pki: Pki, server_side: TlsSide) -> None:
    check = certificates.issued_by(pki.rsa_authority.certificate_pem())
    server, client = TlsLink(server_side), TlsLink(TlsSide.client(check_peer=check))
    with pytest.raises(ProtocolError, match="not issued by an authority known here"):
        shake_hands(server, client)
    assert not client.handshake_done


def test_handshake_and_first_messages_in_one_read(server_side: TlsSide, client_side: TlsSide) -> None:
    server, client = TlsLink(server_side), TlsLink(client_side)
    assert server.receive(client.outgoing()) == []
    assert client.receive(server.outgoing()) == []
    finished = client.outgoing()
    assert server.receive(finished) == []
    last_flight = server.outgoing()
    assert client.receive(last_flight + server.send(b"first") + server.send(b"second")) == [b"first", b"second"]
    assert server.receive(client.send(b"back")) == [b"back"]


def test_many_sessions_share_one_side_and_never_mix(server_side: TlsSide, client_side: TlsSide) -> None:
    """Handshakes and messages of 30 sessions, interleaved in pieces of random size."""
    dice = random.Random(7)
    pairs = [(TlsLink(server_side), TlsLink(client_side)) for _ in range(30)]
    wires = [(bytearray(), bytearray(client.outgoing())) for _, client in pairs]  # to client, to server
    got: list[list[bytes]] = [[] for _ in pairs]
    sent = [False] * len(pairs)
    for _ in range(20_000):
        n = dice.randrange(len(pairs))
        server, client = pairs[n]
        to_client, to_server = wires[n]
        for end, inbox, outbox in ((server, to_server, to_client), (client, to_client, to_server)):
            piece = bytes(inbox[: dice.randint(1, 700)])
            del inbox[: len(piece)]
            got[n] += end.receive(piece)
            outbox += end.outgoing()
        if client.handshake_done and not sent[n]:
            sent[n] = True
            to_server += client.send(b"session %d " % n * 4000) + client.send(b"end")
    assert got == [[b"session %d " % n * 4000, b"end"] for n in range(len(pairs))]


MESSAGES = st.lists(st.tuples(st.booleans(), st.integers(1, 40_000)), min_size=1, max_size=5)


@settings(max_examples=40)
@given(messages=MESSAGES, seed=st.integers(0, 2**32))
def test_any_split_and_merge_of_messages(
    server_side: TlsSide, client_side: TlsSide, messages: list[tuple[bool, int]], seed: int
) -> None:
    dice = random.Random(seed)
    server, client = TlsLink(server_side), TlsLink(client_side)
    shake_hands(server, client)
    for from_client in (True, False):
        sender, receiver = (client, server) if from_client else (server, client)
        texts = [dice.randbytes(length) for who, length in messages if who is from_client]
        stream = b"".join(sender.send(text) for text in texts)
        seen: list[bytes] = []
        while stream:
            size = dice.choice((1, 3, 100, 5000, 70_000))
            seen += receiver.receive(stream[:size])
            stream = stream[size:]
        assert seen == texts


def test_several_records_in_one_frame(pair: tuple[TlsLink, TlsLink]) -> None:
    """A sender may pack records into one frame as long as they fit (agent-protocol 1.4)."""
    server, client = pair
    records = [client.send(text)[4:] for text in (b"one", b"two", b"three")]
    joined = b"".join(records)
    assert server.receive(len(joined).to_bytes(4, "big") + joined) == [b"onetwothree"]


def test_a_record_over_two_frames_is_refused(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    record = client.send(b"x" * 100)[4:]
    half = (0x10000 | 50).to_bytes(4, "big") + record[:50]
    with pytest.raises(ProtocolError, match="does not end with its link frame"):
        server.receive(half)


def test_a_changed_byte_is_seen(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    sent = bytearray(client.send(b"power off nothing"))
    sent[-1] ^= 1
    with pytest.raises(ProtocolError, match="bad record mac"):
        server.receive(bytes(sent))
    assert server.outgoing()[0] == 0x15


def test_a_repeated_record_is_seen(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    sent = client.send(b"start")
    assert server.receive(sent) == [b"start"]
    with pytest.raises(ProtocolError):
        server.receive(sent)


def test_renegotiation_is_refused(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    record = bytearray(client.send(b"\x01\x00\x00\x00"))
    record[4] = 0x16
    with pytest.raises(ProtocolError, match="type 22"):
        server.receive(bytes(record))


def test_an_orderly_end_inside_a_frame(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    client.end()
    alert = client.outgoing()
    with pytest.raises(PeerClosedError):
        server.receive(len(alert).to_bytes(4, "big") + alert)


def test_words_before_a_bare_alert_are_heard(pair: tuple[TlsLink, TlsLink]) -> None:
    """A peer that says goodbye and closes as OpenSSL does, all in one read."""
    server, client = pair
    goodbye = client.send(b"shutdown")
    client.end()
    assert server.receive(goodbye + client.outgoing()) == [b"shutdown"]
    for _ in range(2):
        with pytest.raises(PeerClosedError, match="outside a link frame"):
            server.receive(b"")


def test_a_session_stays_broken(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    good = client.send(b"good")
    with pytest.raises(ProtocolError, match="bits 17 to 31"):
        server.receive(b"\xff\xff\xff\xff")
    with pytest.raises(ProtocolError, match="bits 17 to 31"):
        server.receive(good)


def test_a_handshake_that_never_ends_is_cut(server_side: TlsSide) -> None:
    """A ClientHello that announces 128 KiB and comes in fragments: cut at 64 KiB at the latest."""
    server = TlsLink(server_side)

    def go_on() -> None:
        for n in range(100):
            fragment = (b"\x01\x01\xff\xfc" if n == 0 else b"") + bytes(1000)
            server.receive(b"\x16\x03\x01" + len(fragment).to_bytes(2, "big") + fragment)

    with pytest.raises(ProtocolError):
        go_on()
    assert not server.handshake_done


def test_handshake_bytes_are_counted(server_side: TlsSide) -> None:
    """Warning alerts before any hello keep a session waiting; their bytes run out."""
    server = TlsLink(server_side)
    with pytest.raises(ProtocolError, match="65536 bytes"):
        server.receive(b"\x15\x03\x01\x00\x02\x01\x5a" * 10_000)


def test_bytes_that_are_not_tls(server_side: TlsSide) -> None:
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100, b"\xff" * 100, b"SSH-2.0-OpenSSH_9.2\r\n"):
        with pytest.raises(ProtocolError, match="TLS handshake"):
            TlsLink(server_side).receive(junk)


def test_a_message_longer_than_allowed_is_cut(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    server.message_limit_bytes = 100_000
    assert server.receive(client.send(bytes(100_000))) == [bytes(100_000)]
    with pytest.raises(ProtocolError, match="more than 100000 bytes"):
        server.receive(client.send(bytes(100_001)))


def test_nothing_is_sent_too_early_or_too_long(server_side: TlsSide, pair: tuple[TlsLink, TlsLink]) -> None:
    with pytest.raises(ProtocolError, match="before the TLS handshake"):
        TlsLink(server_side).send(b"x")
    for wrong in (b"", bytes(16 * 1024 * 1024 + 1)):
        with pytest.raises(ProtocolError, match="from 1 to"):
            pair[0].send(wrong)


def test_a_half_made_session_leaves_nothing_behind(server_side: TlsSide, client_side: TlsSide) -> None:
    """Sessions dropped at any byte of the handshake do not disturb the next one on the same side."""
    hello = TlsLink(client_side).outgoing()
    for length in range(0, len(hello), 7):
        TlsLink(server_side).receive(hello[:length])
        _connect(server_side, client_side)
