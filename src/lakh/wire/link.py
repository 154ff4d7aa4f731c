"""Link framing: a 4-byte word in clear before every TLS record of application data (agent-protocol 1.4).

    bits 0-15   N, the bytes of TLS records that follow, read as a signed number
    bit 16      another frame of the same message follows
    others      zero

A message is the plaintext of all frames up to and including the first one without bit 16. During the TLS handshake
there are no words; `tls.py` knows when the handshake ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from lakh.base.limits import FRAME_BYTES
from lakh.wire.errors import PeerClosedError, ProtocolError

MORE: Final = 0x0001_0000
_LENGTH: Final = 0xFFFF
_UNUSED: Final = 0xFFFE_0000
RECORD_HEADER_BYTES: Final = 5
ALERT: Final = 0x15
APPLICATION_DATA: Final = 0x17
_record_header: Final = Struct(">BHH")  # type, version, length


def link_word(length_bytes: int, *, more: bool = False) -> bytes:
    """The word before `length_bytes` of TLS records. Raises ProtocolError where a peer would drop the frame."""
    if not 0 < length_bytes <= FRAME_BYTES:
        raise ProtocolError(f"link frame of {length_bytes} bytes: from 1 to {FRAME_BYTES}")
    return (length_bytes | MORE if more else length_bytes).to_bytes(4, "big")


class LinkReader:
    """Cuts the bytes of one connection into frames, however they were split or merged on the way.

    Holds bytes only while a frame is incomplete: an idle reader costs its slot.
    """

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[tuple[memoryview, bool]]:
        """The frames completed by `data`, one by one: the TLS bytes, and whether more of the same message follows.

        To be consumed whole. Raises ProtocolError as soon as a wrong word is seen, before its bytes arrive, and after
        the good frames in front of it.
        """
        stream: bytes | bytearray = data
        if self._partial is not None:
            stream, self._partial = self._partial, None
            stream += data
        view = memoryview(stream)
        start, end = 0, len(stream)
        while end - start >= 4:
            word = int.from_bytes(view[start : start + 4], "big")
            length = word & _LENGTH
            if word & _UNUSED or not 0 < length <= FRAME_BYTES:
                raise _wrong_word(word)
            stop = start + 4 + length
            if stop > end:
                break
            yield view[start + 4 : stop], word & MORE != 0
            start = stop
        if start < end:
            self._partial = stream if start == 0 and isinstance(stream, bytearray) else bytearray(view[start:])


def _wrong_word(word: int) -> ProtocolError:
    if word >> 16 == 0x1503:
        return PeerClosedError("the peer closed its TLS session by an alert outside a link frame")
    if word >> 16 in (0x1403, 0x1603, 0x1703):
        return ProtocolError(f"link word {word:08x} is the start of a TLS record: each record needs a word before it")
    if word & _UNUSED:
        return ProtocolError(f"link word {word:08x}: bits 17 to 31 must be zero")
    length = word & _LENGTH
    signed = length - 0x10000 if length >= 0x8000 else length
    return ProtocolError(f"link word {word:08x}: length {signed}, from 1 to {FRAME_BYTES}")


def records(frame: memoryview | bytes) -> Iterator[tuple[int, int, memoryview | bytes]]:
    """The TLS records in a frame, which fill it exactly: (type, version, what is sealed in it) of each.

    Only application data and alerts may come: anything else would be a renegotiation. Raises ProtocolError.
    """
    start, end = 0, len(frame)
    while start < end:
        if end - start < RECORD_HEADER_BYTES:
            raise ProtocolError("a TLS record does not end with its link frame")
        kind, version, length = _record_header.unpack_from(frame, start)
        if kind not in (APPLICATION_DATA, ALERT):
            raise ProtocolError(f"TLS record of type {kind} after the handshake: only data and alerts may come")
        start += RECORD_HEADER_BYTES + length
        if start > end:
            raise ProtocolError("a TLS record does not end with its link frame")
        yield kind, version, frame[start - length : start]
