"""Whole messages: header and payload in one piece, as they go through TLS (agent-protocol 2).

"Frame" is the protocol's word for a request or response as a whole; the pieces on the link are in `link.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lakh.base.limits import COMPRESS_FROM_BYTES, INFLATED_BYTES, MESSAGE_BYTES
from lakh.wire.errors import ProtocolError
from lakh.wire.header import (
    COMPRESSED,
    FROM_SERVER,
    HEADER_BYTES,
    IN_SEQUENCE,
    REQUEST,
    STOP_ON_ERROR,
    UNKNOWN,
    Header,
    decode_header,
    response_header,
)
from lakh.wire.message import Message
from lakh.wire.payload import compress, decode_payload, encode_payload, inflate
from lakh.wire.sequence import in_sequence


class Frame(NamedTuple):
    """A received message: its header and its JSON text, inflated."""

    header: Header
    payload: bytes

    def messages(self) -> list[Message]:
        """Its commands or answers. Raises ProtocolError."""
        return decode_payload(self.payload)


def decode_frame(message: bytes) -> Frame:
    """Reads the plaintext of one message. Raises ProtocolError.

    The header's size is used for compressed payloads only; a plain one is the rest of the message.
    """
    header = decode_header(message)
    payload = message[HEADER_BYTES:]
    if header.flags & COMPRESSED:
        payload = inflate(payload, header.size_bytes)
    return Frame(header, payload)


def encode_frame(header: Header, payload: bytes) -> bytes:
    """The plaintext of one message: sets the header's size, and gzips what is long enough. Raises ProtocolError."""
    size = len(payload)
    flags = header.flags & ~COMPRESSED
    if size >= COMPRESS_FROM_BYTES:
        flags |= COMPRESSED
        if size > INFLATED_BYTES:
            raise ProtocolError(f"payload of {size} bytes: at most {INFLATED_BYTES}")
        payload = compress(payload)
        if len(payload) > MESSAGE_BYTES - HEADER_BYTES:
            raise ProtocolError(f"compressed payload of {len(payload)} bytes: at most {MESSAGE_BYTES - HEADER_BYTES}")
    return header._replace(flags=flags, size_bytes=size).encode() + payload


def server_request(
    payload: bytes,
    *,
    sequence: int,
    management_server_id: int,
    host_id: int,
    in_sequence: bool,
    stop_on_error: bool = True,
) -> bytes:
    """A management server's request to an attached host; `payload` is the JSON array of its commands."""
    flags = REQUEST | FROM_SERVER | (STOP_ON_ERROR if stop_on_error else 0) | (IN_SEQUENCE if in_sequence else 0)
    return encode_frame(Header(flags, sequence, 0, management_server_id, host_id, host_id), payload)


def agent_request(
    commands: Sequence[Message], *, sequence: int, host_id: int = UNKNOWN, stop_on_error: bool = True
) -> bytes:
    """An agent's request. Startup goes without stop_on_error, everything else with it (agent-protocol 2.2)."""
    flags = REQUEST | (STOP_ON_ERROR if stop_on_error else 0) | (IN_SEQUENCE if in_sequence(commands) else 0)
    return encode_frame(Header(flags, sequence, 0, UNKNOWN, host_id, host_id), encode_payload(commands))


def server_response(request: Header, payload: bytes, *, management_server_id: int, via: int) -> bytes:
    """A management server's answer to an agent's request. `via`: the attached host, -1 before it is attached."""
    return encode_frame(response_header(request, management_server_id=management_server_id, via=via), payload)


def agent_response(request: Header, answers: Sequence[Message]) -> bytes:
    """An agent's answer to a management server's request."""
    return encode_frame(response_header(request), encode_payload(answers))


def refusal(command: Message) -> bytes:
    """The message that refuses an agent before it is attached: no ids, no answer expected (agent-protocol 3.3).

    `command` is `commands.connection.refusal`.
    """
    return agent_request([command], sequence=-1)
