"""Identifiers: time-ordered UUIDs for the API, 64-bit integers for rows.

UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random bits. Time-ordered keys fill index pages from one
side, which the store measurements showed to be worth more than any driver choice. Randomness and time are passed in.
"""

from __future__ import annotations

import re
from random import Random

from lakh.base.clock import Clock

_CANONICAL = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class UuidFactory:
    """Makes UUIDv7 texts. Within one millisecond order is random; across milliseconds it is by time."""

    __slots__ = ("_clock", "_random")

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random

    def new(self) -> str:
        bits = self._random.getrandbits(74)
        value = (
            ((self._clock.now_ms() & 0xFFFFFFFFFFFF) << 80)
            | (0x7 << 76)
            | ((bits >> 62) << 64)
            | (0x2 << 62)
            | (bits & 0x3FFFFFFFFFFFFFFF)
        )
        h = f"{value:032x}"
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def is_uuid(text: str) -> bool:
    """True for the canonical 8-4-4-4-12 form in either case."""
    return _CANONICAL.fullmatch(text) is not None
