"""What a bus connection is, whatever carries it: messages in order, batched, bounded, and lost at once or not at all.

Both ends hold a `Connection`. Its owner sets `on_message` and `on_lost`, then sends. `send` never blocks and never
raises: a peer that does not take its messages is lost, and `on_lost` says so in a later turn of the event loop, never
from inside `send`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec


def ignore_message(_message: object) -> None:
    """The `on_message` of a connection that nobody listens to yet, or any more."""


def ignore_loss() -> None:
    """The `on_lost` of a connection that nobody listens to yet, or any more."""


class Connection(Protocol):
    """One end of a bus connection. After `on_lost`, or after `close`, nothing more is delivered."""

    on_message: Callable[[msgspec.Struct], None]
    on_lost: Callable[[], None]

    @property
    def is_open(self) -> bool: ...

    def send(self, message: msgspec.Struct) -> None:
        """Queues one message; dropped silently when the connection is no longer open."""
        ...

    def close(self) -> None:
        """Ends the connection after what was sent; `on_lost` is not called on this end."""
        ...


class Poller(Protocol):
    """The part of an event loop that sockets need; asyncio has one, and so has the gateway's own loop."""

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None: ...
    def remove_reader(self, fd: int) -> None: ...
    def add_writer(self, fd: int, callback: Callable[[], None]) -> None: ...
    def remove_writer(self, fd: int) -> None: ...
    def soon(self, callback: Callable[[], None]) -> None:
        """Calls back at the end of this turn of the loop, or at the next one's start."""
        ...

    def later(self, seconds: float, callback: Callable[[], None]) -> None: ...
