"""An orderly end: a gateway that is to be restarted parts with its agents a few at a time.

It listens no more, so agents come back to the other gateways, and closes so many links a second that those can take
them as they come. A host that has a call under way keeps its link until that is answered, within a bound: so no caller
loses an answer to work that was done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from lakh.base import limits
from lakh.gateway.edge import Edge
from lakh.gateway.loop import Loop
from lakh.gateway.newcomers import Newcomers
from lakh.gateway.session import HANDSHAKE, Session

_TURNS: Final = 10  # a second
_LOOKS: Final = 1000  # sessions looked at in one turn


class Drain:
    """Call `begin`; `ended` is called when no established session is left."""

    def __init__(self, loop: Loop, edge: Edge, newcomers: Newcomers, ended: Callable[[], None]) -> None:
        self._loop = loop
        self._edge = edge
        self._newcomers = newcomers
        self._ended = ended
        self._waiting: deque[Session] = deque()
        self._patience_ends = 0.0
        self._closes = 1.0  # in a second
        self._allowed = 1.0  # now
        self._last = 0.0
        self.is_under_way = False

    def begin(self) -> None:
        """Takes nobody in any more, and begins to part with those who are there. Once is enough."""
        if self.is_under_way:
            return
        self.is_under_way = True
        self._newcomers.close()
        sessions = max(1, len(self._edge.by_fd))
        takes_seconds = max(limits.GATEWAY_DRAIN_SECONDS, sessions / limits.GATEWAY_DRAIN_CLOSES)
        self._closes = sessions / takes_seconds
        self._last = self._loop.monotonic()
        self._patience_ends = self._last + takes_seconds + limits.GATEWAY_DRAIN_BUSY_SECONDS
        self._turn()

    def _turn(self) -> None:
        if not self._waiting:
            self._waiting.extend(s for s in self._edge.by_fd.values() if s.stage > HANDSHAKE and not s.close_reason)
        if not self._waiting:
            self._loop.soon(self._ended)
            return
        now = self._loop.monotonic()
        patient = now < self._patience_ends
        self._allowed = min(self._allowed + (now - self._last) * self._closes, max(1.0, self._closes))
        self._last = now
        for _ in range(min(_LOOKS, len(self._waiting))):
            if self._allowed < 1 and patient:
                break
            session = self._waiting.popleft()
            if patient and (session.calls or session.queue):
                self._waiting.append(session)
                continue
            self._edge.doom(session, "restart")
            self._allowed -= 1
        self._loop.later(1 / _TURNS, self._turn)
