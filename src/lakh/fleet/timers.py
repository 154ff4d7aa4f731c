"""All timers of a process on one heap, with one timer of the event loop beneath.

A hundred thousand agents would otherwise hold as many timer objects of the loop. What falls due at once runs in
portions, so that sockets get their turn between.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

_PORTION = 200


class Timers:
    """Calls later, in order of time. Times in seconds of the running loop."""

    __slots__ = ("_armed", "_heap", "_loop", "_number")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._armed = float("inf")

    def __len__(self) -> int:
        return len(self._heap)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        due = self._loop.time() + seconds
        heapq.heappush(self._heap, (due, next(self._number), call))
        if due < self._armed:
            self._arm(due)

    def _arm(self, due: float) -> None:
        self._armed = due
        self._loop.call_at(due, self._fire, due)

    def _fire(self, due: float) -> None:
        if due != self._armed:
            return
        self._armed = float("inf")
        now = self._loop.time()
        heap = self._heap
        for _ in range(_PORTION):
            if not heap or heap[0][0] > now:
                break
            heapq.heappop(heap)[2]()
        if heap:
            first = max(heap[0][0], now)
            if first < self._armed:
                self._arm(first)
