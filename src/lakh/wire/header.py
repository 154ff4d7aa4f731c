"""The 40-byte header before every payload (agent-protocol 2.1 to 2.4)."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from lakh.wire.errors import ProtocolError

HEADER_BYTES: Final = 40
_LAYOUT: Final = struct.Struct(">BBHqIqqq")

# flags (agent-protocol 2.2); 0x08 and 0x10 are unused
REQUEST: Final = 0x01
STOP_ON_ERROR: Final = 0x02
IN_SEQUENCE: Final = 0x04
FROM_SERVER: Final = 0x20
CONTROL: Final = 0x40
COMPRESSED: Final = 0x80

_ECHOED: Final = STOP_ON_ERROR | IN_SEQUENCE

UNKNOWN: Final = -1
"""Management server id in an agent's request; host id of an agent that never had one."""


class Header(NamedTuple):
    """`size_bytes` is the length of the uncompressed JSON; `via` the host id that routes the frame."""

    flags: int
    sequence: int
    size_bytes: int
    management_server_id: int
    host_id: int
    via: int

    @property
    def is_request(self) -> bool:
        return self.flags & REQUEST != 0

    @property
    def stop_on_error(self) -> bool:
        return self.flags & STOP_ON_ERROR != 0

    @property
    def in_sequence(self) -> bool:
        return self.flags & IN_SEQUENCE != 0

    @property
    def from_server(self) -> bool:
        return self.flags & FROM_SERVER != 0

    @property
    def is_control(self) -> bool:
        return self.flags & CONTROL != 0

    @property
    def compressed(self) -> bool:
        return self.flags & COMPRESSED != 0

    def encode(self) -> bytes:
        return _LAYOUT.pack(0, 0, *self)


def decode_header(message: bytes) -> Header:
    """The header at the start of a message's plaintext. Raises ProtocolError.

    Version is 0 on every real frame; a receiver refuses 1, and 2 means another layout that nobody writes.
    """
    try:
        version, _, flags, *rest = _LAYOUT.unpack_from(message)
    except struct.error:
        raise ProtocolError(f"message of {len(message)} bytes: a header alone has {HEADER_BYTES}") from None
    if version != 0:
        raise ProtocolError(f"header version {version}: 0 is the only one in use")
    return Header(flags, *rest)


def response_header(request: Header, *, management_server_id: int | None = None, via: int | None = None) -> Header:
    """The header of the answer to `request`, by the echo rules of agent-protocol 2.3; its size is set on encoding.

    A management server passes its own id and the attached host's id (-1 before there is one), an agent neither.
    """
    return Header(
        (request.flags & _ECHOED) | (~request.flags & FROM_SERVER),
        request.sequence,
        0,
        request.management_server_id if management_server_id is None else management_server_id,
        request.host_id,
        request.via if via is None else via,
    )
