"""The bus as function calls: two ends in one process, for simulation and tests.

Messages arrive in a later turn, in order, exactly as over a socket. `deliver` decides when: the event loop's
`call_soon` by default; a simulation passes its own to delay, and breaks the pair with `lose`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from lakh.bus.connection import ignore_loss, ignore_message

Deliver = Callable[[Callable[[], None]], object]


class InProcessEnd:
    """One of the two ends; see `Connection`."""

    def __init__(self, deliver: Deliver) -> None:
        self.on_message: Callable[[msgspec.Struct], None] = ignore_message
        self.on_lost: Callable[[], None] = ignore_loss
        self._deliver = deliver
        self._peer: InProcessEnd | None = None

    @property
    def is_open(self) -> bool:
        return self._peer is not None

    def send(self, message: msgspec.Struct) -> None:
        peer = self._peer
        if peer is not None:
            self._deliver(lambda: peer._receive(message))

    def close(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            self._deliver(peer._lose)

    def lose(self) -> None:
        """Breaks the connection as a crash would: both ends hear of it, and what is under way never arrives."""
        peer, self._peer = self._peer, None
        if peer is not None:
            peer._peer = None
            self._deliver(self.on_lost)
            self._deliver(peer.on_lost)

    def _receive(self, message: msgspec.Struct) -> None:
        if self._peer is not None:
            self.on_message(message)

    def _lose(self) -> None:
        if self._peer is not None:
            self._peer = None
            self.on_lost()


def pair(deliver: Deliver | None = None) -> tuple[InProcessEnd, InProcessEnd]:
    """Two connected ends. Without `deliver`, call from inside a running event loop."""
    how = deliver if deliver is not None else asyncio.get_running_loop().call_soon
    one, other = InProcessEnd(how), InProcessEnd(how)
    one._peer, other._peer = other, one
    return one, other
