"""The reference's worked examples, byte for byte in both directions (agent-protocol 1.4 and 6)."""

from __future__ import annotations

import pytest

from lakh.wire import ping
from lakh.wire.frame import Frame, agent_request, agent_response, decode_frame, server_request, server_response
from lakh.wire.header import Header, decode_header
from lakh.wire.message import API, Message
from lakh.wire.payload import split_payload
from lakh.wire.startup import startup_answer
from lakh.wire.tls import TlsLink

MSID = 345051122106

PING_HEADER = bytes.fromhex(
    "00 00 00 03 00 00 00 00 00 00 00 05 00 00 01 23 ff ff ff ff ff ff ff ff"
    "00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01"
)
PING_JSON = (
    b'[{"com.cloud.agent.api.PingRoutingCommand":{"_hostVmStateReport":{"i-2-10-VM":{"state":"PowerOn","host":"kvm-0001"}},'
    b'"_gatewayAccessible":true,"_vnetAccessible":true,"hostType":"Routing","hostId":1,"outOfBand":false,"commandInfos":[],'
    b'"contextMap":{},"wait":0,"bypassHostMaintenance":false}}]'
)
ANSWER_HEADER = bytes.fromhex(
    "00 00 00 22 00 00 00 00 00 00 00 05 00 00 01 a9 00 00 00 50 56 a6 49 ba"
    "00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01"
)
ANSWER_JSON = (
    b'[{"com.cloud.agent.api.PingAnswer":{"_command":{"_hostVmStateReport":{"i-2-10-VM":{"state":"PowerOn","host":"kvm-0001"}},'
    b'"_gatewayAccessible":true,"_vnetAccessible":true,"hostType":"Routing","hostId":1,"outOfBand":false,"commandInfos":[],'
    b'"contextMap":{},"wait":0,"bypassHostMaintenance":false},"sendStartup":false,"avoidMsList":[],"reconcileCommands":[],'
    b'"result":true,"contextMap":{},"wait":0,"bypassHostMaintenance":false}}]'
)


def test_an_agent_makes_the_examples_ping() -> None:
    command = ping.routing_ping(1, {"i-2-10-VM": "PowerOn"}, host_name="kvm-0001")
    message = agent_request([command], sequence=5, host_id=1)
    assert message == PING_HEADER + PING_JSON
    assert len(message) == 331


def test_a_server_reads_the_ping_and_makes_the_examples_answer() -> None:
    frame = decode_frame(PING_HEADER + PING_JSON)
    [(java_class, body)] = split_payload(frame.payload)
    assert java_class in ping.PING_CLASSES
    read = ping.read_ping(body)
    assert read.report is not None
    assert ping.power_states(read.report) == {"i-2-10-VM": "PowerOn"}
    assert (read.gateway_accessible, read.health_check, read.host_type, read.out_of_band) == (
        True,
        None,
        "Routing",
        False,
    )
    answer = server_response(frame.header, ping.ping_answer(body), management_server_id=MSID, via=1)
    assert answer == ANSWER_HEADER + ANSWER_JSON
    assert len(answer) == 465


def test_an_agent_reads_the_answer() -> None:
    frame = decode_frame(ANSWER_HEADER + ANSWER_JSON)
    assert frame.header == Header(0x22, 5, 425, MSID, 1, 1)
    assert not frame.header.is_request
    assert frame.header.from_server
    [answer] = frame.messages()
    assert answer.name == "PingAnswer"
    assert answer.result
    assert answer.body["_command"]["_hostVmStateReport"] == {"i-2-10-VM": {"state": "PowerOn", "host": "kvm-0001"}}


def test_link_words_of_the_example(pair: tuple[TlsLink, TlsLink]) -> None:
    server, client = pair
    sent = client.send(PING_HEADER + PING_JSON)
    assert sent[:9].hex(" ") == "00 00 01 68 17 03 03 01 63"
    assert len(sent) == 4 + 360
    assert server.receive(sent) == [PING_HEADER + PING_JSON]
    back = server.send(ANSWER_HEADER + ANSWER_JSON)
    assert back[:4].hex() == "000001ee"
    assert client.receive(back) == [ANSWER_HEADER + ANSWER_JSON]


def _words(stream: bytes) -> list[str]:
    words, start = [], 0
    while start < len(stream):
        words.append(stream[start : start + 4].hex())
        start += 4 + int.from_bytes(stream[start + 2 : start + 4], "big")
    assert start == len(stream)
    return words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (100, ["00000081"]),
        (16384, ["0000401d"]),
        (16385, ["0001401d", "0000001e"]),
        (40000, ["0001401d", "0001401d", "00001c5d"]),
    ],
)
def test_link_words_of_long_messages(pair: tuple[TlsLink, TlsLink], length: int, words: list[str]) -> None:
    server, client = pair
    message = bytes(i * 7 & 0xFF for i in range(length))
    for sender, receiver in ((client, server), (server, client)):
        sent = sender.send(message)
        assert _words(sent) == words
        assert receiver.receive(sent) == [message]


STARTUP = Message(API + "StartupRoutingCommand", {"contextMap": {}})
READY = Message(API + "ReadyCommand", {"hostId": 1, "contextMap": {}, "wait": 60})


def _hex(message: bytes) -> str:
    """Header with its size left out, in the reference's groups."""
    text = message[:40].hex()
    return " ".join((text[:8], text[8:24], text[32:48], text[48:64], text[64:80]))


def test_other_headers_seen() -> None:
    startup = agent_request([STARTUP], sequence=0, stop_on_error=False)
    assert _hex(startup) == "00000001 0000000000000000 ffffffffffffffff ffffffffffffffff ffffffffffffffff"
    answer = server_response(decode_header(startup), startup_answer(60), management_server_id=MSID, via=-1)
    assert _hex(answer) == "00000020 0000000000000000 0000005056a649ba ffffffffffffffff ffffffffffffffff"
    ready = server_request(b"[]", sequence=0x0001000000000001, management_server_id=MSID, host_id=1, in_sequence=True)
    assert _hex(ready) == "00000027 0001000000000001 0000005056a649ba 0000000000000001 0000000000000001"
    ready_answer = agent_response(decode_header(ready), [Message(API + "ReadyAnswer", {"result": True})])
    assert _hex(ready_answer) == "00000006 0001000000000001 0000005056a649ba 0000000000000001 0000000000000001"
    shutdown = agent_request([Message(API + "ShutdownCommand", {"reason": "sig.kill"})], sequence=-1, host_id=1)
    assert _hex(shutdown) == "00000007 ffffffffffffffff ffffffffffffffff 0000000000000001 0000000000000001"
    plain = server_request(b"[]", sequence=1, management_server_id=MSID, host_id=1, in_sequence=False)
    assert plain[:4].hex() == "00000023"
    assert agent_response(decode_header(plain), [])[:4].hex() == "00000002"


def test_long_payloads_are_gzipped_and_come_back() -> None:
    commands = [Message(API + "ReadyCommand", {"hostName": "k" * 10_000})]
    message = agent_request(commands, sequence=7, host_id=1)
    header = decode_header(message)
    assert message[:4].hex() == "00000087"
    assert message[40:43] == b"\x1f\x8b\x08"
    frame = decode_frame(message)
    assert header.size_bytes == len(frame.payload)
    assert header.size_bytes > 10_000
    assert frame.messages() == commands


@pytest.mark.parametrize(("size", "compressed"), [(8191, False), (8192, True)])
def test_compression_starts_at_8192_bytes(size: int, compressed: bool) -> None:
    empty = server_request(b"[]", sequence=1, management_server_id=MSID, host_id=1, in_sequence=False)
    assert not decode_header(empty).compressed
    payload = b'["' + b"x" * (size - 4) + b'"]'
    message = server_request(payload, sequence=1, management_server_id=MSID, host_id=1, in_sequence=False)
    assert decode_header(message).compressed is compressed
    assert decode_frame(message) == Frame(decode_header(message), payload)
