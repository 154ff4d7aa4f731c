"""How late the control process's loop is: what its longest turn costs everybody who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

_LOOK_SECONDS: Final = 0.25
_KEPT: Final = 60
"""Looks that are remembered: 15 seconds, so that whoever asks that often misses none."""


class LoopLag:
    """Looks four times a second once it is started; `seconds` is the longest delay of the last 15 seconds."""

    def __init__(self) -> None:
        self._delays: deque[float] = deque(maxlen=_KEPT)

    def start(self) -> None:
        loop = asyncio.get_running_loop()

        def look(due: float) -> None:
            now = loop.time()
            self._delays.append(max(0.0, now - due))
            loop.call_at(now + _LOOK_SECONDS, look, now + _LOOK_SECONDS)

        look(loop.time())

    def seconds(self) -> float:
        return max(self._delays, default=0.0)
