"""The gateway's own event loop: established agents first, newcomers in what time is left.

Two epoll sets. The first holds established sessions and the bus; the second holds listeners and handshakes, and is
itself a member of the first. A turn serves all that is ready in the first, then newcomers until their time is used up:
the longest an established agent waits for newcomers is that time and one handshake step. Level-triggered epoll brings
back in the next turn what was left out, oldest first.

While many newcomers are under way, a turn that has served all of them is followed by a short pause (`pause_seconds`).
In a storm every process would wake for every packet, and waking costs as much as the packet: eight gateways that gather
for a moment need a tenth less of the processor than eight that do not.

`fileno()` is readable whenever `turn` has something to do, so another event loop can host this one.
"""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable
from itertools import count
from typing import Final

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT
_EVENTS: Final = 512  # established events of one turn
_NEWCOMERS: Final = 64  # asked for at a time
NEWCOMER_SECONDS: Final = 0.005  # of one turn


class Loop:
    """Descriptors, timers and end-of-turn callbacks; a `Poller` for the bus."""

    def __init__(self, monotonic: Callable[[], float], sleep: Callable[[float], None] = time.sleep) -> None:
        self.monotonic = monotonic
        self.pause_seconds: Callable[[], float] = lambda: 0.0
        self._sleep = sleep
        self._left_some = False  # newcomers that the last turn had no time for
        self.on_session: Callable[[int, int], None] = lambda _fd, _mask: None
        self.on_newcomer: Callable[[int], None] = lambda _fd: None
        self.longest_turn_seconds = 0.0
        self._established = select.epoll()
        self._newcomers = select.epoll()
        self._established.register(self._newcomers.fileno(), READ)
        self._readers: dict[int, Callable[[], None]] = {}
        self._writers: dict[int, Callable[[], None]] = {}
        self._soon: list[Callable[[], None]] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._timer_numbers = count()
        self._stopping = False

    # --- descriptors of the gateway itself -----------------------------------------------------------------------
    def add_newcomer(self, fd: int) -> None:
        self._newcomers.register(fd, READ)

    def remove_newcomer(self, fd: int) -> None:
        self._newcomers.unregister(fd)

    def add_session(self, fd: int, *, writes: bool = False) -> None:
        self._established.register(fd, READ | WRITE if writes else READ)

    def watch_session(self, fd: int, *, writes: bool) -> None:
        self._established.modify(fd, READ | WRITE if writes else READ)

    def remove_session(self, fd: int) -> None:
        self._established.unregister(fd)

    # --- Poller --------------------------------------------------------------------------------------------------
    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        known = fd in self._readers or fd in self._writers
        self._readers[fd] = callback
        self._watch(fd, known)

    def remove_reader(self, fd: int) -> None:
        if self._readers.pop(fd, None) is not None:
            self._watch(fd, known=True)

    def add_writer(self, fd: int, callback: Callable[[], None]) -> None:
        known = fd in self._readers or fd in self._writers
        self._writers[fd] = callback
        self._watch(fd, known)

    def remove_writer(self, fd: int) -> None:
        if self._writers.pop(fd, None) is not None:
            self._watch(fd, known=True)

    def soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.monotonic() + seconds, next(self._timer_numbers), callback))

    def _watch(self, fd: int, known: bool) -> None:
        mask = (READ if fd in self._readers else 0) | (WRITE if fd in self._writers else 0)
        if not mask:
            self._established.unregister(fd)
        elif known:
            self._established.modify(fd, mask)
        else:
            self._established.register(fd, mask)

    # --- turning -------------------------------------------------------------------------------------------------
    def fileno(self) -> int:
        return self._established.fileno()

    def wait_seconds(self) -> float:
        """How long the next turn may sleep."""
        if self._soon:
            return 0.0
        if not self._timers:
            return 1.0
        return min(1.0, max(0.0, self._timers[0][0] - self.monotonic()))

    def turn(self, wait_seconds: float = 0.0) -> None:
        """Serves what is ready, waiting at most `wait_seconds` for the first of it."""
        ready = self._established.poll(wait_seconds, _EVENTS)
        began = self.monotonic()
        newcomers_fd = self._newcomers.fileno()
        newcomers = False
        for fd, mask in ready:
            if fd == newcomers_fd:
                newcomers = True
            elif fd in self._readers or fd in self._writers:
                self._call(fd, mask)
            else:
                self.on_session(fd, mask)
        if newcomers:
            self._serve_newcomers()
        self._serve_timers()
        callbacks, self._soon = self._soon, []
        for callback in callbacks:
            callback()
        took = self.monotonic() - began
        if took > self.longest_turn_seconds:
            self.longest_turn_seconds = took

    def run(self) -> None:
        """Turns until `stop`."""
        while not self._stopping:
            self.turn(self.wait_seconds())
            if not self._left_some and (pause := self.pause_seconds()):
                self._sleep(pause)

    def stop(self) -> None:
        self._stopping = True

    def close(self) -> None:
        self._newcomers.close()
        self._established.close()

    def _call(self, fd: int, mask: int) -> None:
        reader = self._readers.get(fd)
        if reader is not None and mask & ~WRITE:
            reader()
        writer = self._writers.get(fd)  # the reader may have closed it
        if writer is not None and mask & ~READ:
            writer()

    def _serve_newcomers(self) -> None:
        self._left_some = True
        end = self.monotonic() + NEWCOMER_SECONDS
        for fd, _mask in self._newcomers.poll(0, _NEWCOMERS):
            self.on_newcomer(fd)
            if self.monotonic() >= end:
                return
        self._left_some = False

    def _serve_timers(self) -> None:
        timers = self._timers
        while timers and timers[0][0] <= self.monotonic():
            heapq.heappop(timers)[2]()
