"""Time as a parameter. Nothing in Lakh reads a clock on its own; simulation passes a virtual one."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Wall time in milliseconds since the epoch, and monotonic seconds for intervals."""

    def now_ms(self) -> int: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock:
    """Time of the running event loop, counted from `epoch_ms`.

    On a virtual-time loop nothing ever waits for real; on an ordinary one it is a monotonic wall clock.
    """

    __slots__ = ("_epoch_ms",)

    def __init__(self, epoch_ms: int = 1_767_225_600_000) -> None:
        self._epoch_ms = epoch_ms

    def now_ms(self) -> int:
        return self._epoch_ms + int(asyncio.get_running_loop().time() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def api_date(ms: int) -> str:
    """The API's date form, `yyyy-MM-dd'T'HH:mm:ssZ`: offset without colon, no fraction (api-conventions, section 8)."""
    return _second(ms // 1000)


@lru_cache(maxsize=8192)
def _second(seconds: int) -> str:
    """Kept, since polled jobs and listed rows show the same times again and again."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
