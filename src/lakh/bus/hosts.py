"""How resources reach hosts. `server` fills it with the bus, tests and simulation with a fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lakh.base.errors import LakhError
from lakh.wire.message import Message


class HostUnreachableError(LakhError):
    """No session with the host, the session was lost while waiting, or the call timed out.

    `sent` is False only when it is certain that the host never got the request; `reason` is the text without the host.
    """

    def __init__(self, host_id: int, text: str, *, sent: bool = True) -> None:
        super().__init__(f"host {host_id}: {text}")
        self.host_id = host_id
        self.reason = text
        self.sent = sent


class HostCaller(Protocol):
    """Sends commands to a host's agent and returns its answers."""

    async def call(
        self,
        host_id: int,
        commands: Sequence[Message],
        *,
        timeout_seconds: float = 1800.0,
        stop_on_error: bool = True,
    ) -> list[Message]:
        """One request; answers in the commands' order, one each. Raises HostUnreachableError.

        Requests that hold an in-sequence command (agent-protocol 4.0) go one at a time per host; others at once.
        """
        ...

    def is_connected(self, host_id: int) -> bool:
        """True while a session with the host is attached somewhere."""
        ...

    def drop(self, host_id: int) -> None:
        """Closes the session with the host, if there is one; its agent comes back by itself."""
        ...
