"""An event loop whose time jumps to the next timer when nothing is ready: hours pass in seconds, always alike."""

from __future__ import annotations

import asyncio
from typing import Any


class StuckError(Exception):
    """Nothing is ready and no timer is set: whoever waits would wait for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only by timers."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        scheduled: Any = self._scheduled  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise StuckError
            self._now = max(self._now, scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]
