"""Payloads: a JSON array of single-key objects, gzipped from 8 KiB on (agent-protocol 2.5, 2.6)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from lakh.base.limits import INFLATED_BYTES, MESSAGE_COMMANDS
from lakh.wire.errors import ProtocolError
from lakh.wire.message import Message

_GZIP: Final = 16 + zlib.MAX_WBITS
_LEVEL: Final = 1  # JSON of commands shrinks to a fifth already at the fastest level

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, dict[str, Any]]]).decode
_decode_raw = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode

JSON_ERRORS: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What reading JSON from a peer can raise: wrong syntax or type, wrong UTF-8 or number, nesting."""


def encode_payload(messages: Iterable[Message]) -> bytes:
    """The JSON text of commands or answers. Fields that are None should have been left out by their builders."""
    return _encode([{message.java_class: message.body} for message in messages])


def decode_payload(payload: bytes) -> list[Message]:
    """Commands or answers of a JSON text. Unknown classes and fields are kept. Raises ProtocolError."""
    try:
        items = _decode(payload)
    except JSON_ERRORS as error:
        raise ProtocolError(f"payload: {error}") from None
    _check_items(items)
    return [Message(*next(iter(item.items()))) for item in items]


def split_payload(payload: bytes) -> list[tuple[str, msgspec.Raw]]:
    """Class name and JSON text of each item, with nothing inside them read yet. Raises ProtocolError.

    Each text is a view of `payload`: call its `copy` to keep it longer. It starts with a brace and has the syntax of an
    object, so it may be spliced into another payload as it is.
    """
    try:
        items = _decode_raw(payload)
    except JSON_ERRORS as error:
        raise ProtocolError(f"payload: {error}") from None
    _check_items(items)
    pairs = [next(iter(item.items())) for item in items]
    for java_class, raw in pairs:
        if memoryview(raw)[0] != 0x7B:
            raise ProtocolError(f"payload: {java_class[:100]} is not an object")
    return pairs


def _check_items(items: list[Any]) -> None:
    if len(items) > MESSAGE_COMMANDS:
        raise ProtocolError(f"payload: {len(items)} items, at most {MESSAGE_COMMANDS}")
    for item in items:
        if len(item) != 1:
            raise ProtocolError(f"payload: an item has {len(item)} keys, it must have one: the class name")


def compress(payload: bytes) -> bytes:
    """Gzip (RFC 1952) without a time stamp: equal payloads give equal bytes."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(payload) + packer.flush()


def inflate(packed: bytes, size_bytes: int) -> bytes:
    """The gzipped text, which must be exactly `size_bytes` long. Raises ProtocolError.

    The announced size is checked before, and no more than that is ever inflated.
    """
    if size_bytes > INFLATED_BYTES:
        raise ProtocolError(f"compressed payload of {size_bytes} bytes: at most {INFLATED_BYTES}")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        payload = unpacker.decompress(packed, size_bytes + 1)
    except zlib.error as error:
        raise ProtocolError(f"compressed payload: {error}") from None
    if len(payload) > size_bytes:
        raise ProtocolError(f"compressed payload is longer than its header's size, {size_bytes} bytes")
    if len(payload) < size_bytes:
        raise ProtocolError(f"compressed payload of {len(payload)} bytes: its header says {size_bytes}")
    if not unpacker.eof or unpacker.unused_data:
        raise ProtocolError("compressed payload is not one whole gzip member")
    return payload
