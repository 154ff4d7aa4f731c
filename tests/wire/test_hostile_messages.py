"""Messages that no honest peer sends: always a ProtocolError, never another exception, never much memory."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakh.wire import ping
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame, encode_frame
from lakh.wire.header import COMPRESSED, HEADER_BYTES, Header, decode_header
from lakh.wire.payload import compress, decode_payload, inflate, split_payload
from lakh.wire.startup import read_startup

HOSTILE = {
    "empty": b"",
    "top-level object": b'{"com.cloud.agent.api.PingCommand":{}}',
    "top-level text": b'"x"',
    "null": b"null",
    "item is no object": b"[1]",
    "item is null": b"[null]",
    "body is a number": b'[{"a":1}]',
    "body is null": b'[{"a":null}]',
    "body is an array": b'[{"a":[]}]',
    "two classes in one item": b'[{"a":{},"b":{}}]',
    "item without class": b"[{}]",
    "cut off": b'[{"a":{"b":',
    "trailing": b'[{"a":{}}]]',
    "nested arrays": b'[{"a":{"b":' + b"[" * 500_000 + b"]" * 500_000 + b"}}]",
    "nested objects": b'[{"a":{"b":' + b'{"b":' * 100_000,
    "nested top": b"[" * 1_000_000,
    "not UTF-8": b'[{"\xff\xfe":{}}]',
    "not a number": b'[{"a":{"x":NaN}}]',
    "too many items": b"[" + b'{"a":{}},' * 10_000 + b'{"a":{}}]',
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_payloads(payload: bytes) -> None:
    for read in (decode_payload, split_payload, read_startup):
        with pytest.raises(ProtocolError):
            read(payload)


@pytest.mark.parametrize(
    "text", [b'{"x":"\xff"}', b'{"x":' + b"9" * 5000 + b"}", b'{"x":1e999999}', b'{"x":"\\ud800"}', b'{"x":"\\u12"}']
)
def test_values_that_cannot_be_read(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_payload(b'[{"a":' + text + b"}]")


@pytest.mark.parametrize(
    "body",
    [
        b'{"outOfBand":3}',
        b'{"outOfBand":[]}',
        b'{"hostType":{}}',
        b'{"_gatewayAccessible":"perhaps"}',
        b'{"hostHealthCheckResult":{}}',
        b"[]",
        b"1",
        b"",
    ],
)
def test_pings_of_wrong_types(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="ping"):
        ping.read_ping(body)


@pytest.mark.parametrize(
    "report", [b"[]", b"3", b'{"i-2-3-VM":"PowerOn"}', b'{"i-2-3-VM":{"state":1}}', b'{"a":{"state":']
)
def test_power_reports_of_wrong_types(report: bytes) -> None:
    with pytest.raises(ProtocolError, match="_hostVmStateReport"):
        ping.power_states(report)


@pytest.mark.parametrize("rulesets", [b"[]", b'{"i":[1]}', b'{"i":[1,2,3]}', b'{"i":["a",2]}', b'{"i":{"t":1,"u":2}}'])
def test_rulesets_of_wrong_types(rulesets: bytes) -> None:
    with pytest.raises(ProtocolError, match="newGroupStates"):
        ping.ruleset_sequences(rulesets)


def _compressed(packed: bytes, size: int) -> bytes:
    return Header(COMPRESSED, 1, size, -1, 1, 1).encode() + packed


def test_a_gzip_bomb_is_not_inflated() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()  # 512 MiB in 512 KiB
    assert len(bomb) < 600_000
    tracemalloc.start()
    try:
        for size in (0, 291, 10_000, 1 << 20):
            with pytest.raises(ProtocolError, match="longer than its header's size"):
                decode_frame(_compressed(bomb, size))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    for size in (1 << 29, 0xFFFFFFFF):
        with pytest.raises(ProtocolError, match="at most"):
            decode_frame(_compressed(bomb, size))


def test_a_compressed_payload_must_be_whole_and_of_its_size() -> None:
    text = b'[{"a":{}}]' * 1000
    packed = compress(text)
    assert inflate(packed, len(text)) == text
    for wrong, size in (
        (packed, len(text) - 1),
        (packed, len(text) + 1),
        (packed[:-1], len(text)),
        (packed[:50], len(text)),
        (packed + b"x", len(text)),
        (packed + packed, len(text)),
        (packed[:-8] + bytes(8), len(text)),
        (text, len(text)),
        (b"", 0),
        (zlib.compress(text), len(text)),
    ):
        with pytest.raises(ProtocolError, match="compressed payload"):
            decode_frame(_compressed(wrong, size))


@pytest.mark.parametrize("length", [0, 1, 39])
def test_a_message_shorter_than_a_header(length: int) -> None:
    with pytest.raises(ProtocolError, match="40"):
        decode_frame(bytes(length))


@pytest.mark.parametrize("version", [1, 2, 255])
def test_other_header_versions_are_refused(version: int) -> None:
    with pytest.raises(ProtocolError, match="version"):
        decode_header(bytes([version]) + bytes(39))


def test_a_plain_payloads_size_is_not_trusted() -> None:
    message = Header(1, 1, 0xFFFFFFFF, -1, 1, 1).encode() + b"[]"
    assert decode_frame(message).payload == b"[]"


@given(
    st.builds(
        Header,
        st.integers(0, 0xFFFF).map(lambda flags: flags & ~COMPRESSED),
        *(st.integers(-(2**63), 2**63 - 1) if n else st.just(2) for n in (1, 0, 1, 1, 1)),
    )
)
def test_any_header_survives(header: Header) -> None:
    message = encode_frame(header, b"[]")
    assert decode_header(message) == header
    assert len(message) == HEADER_BYTES + 2
