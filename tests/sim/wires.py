"""What carries messages between agents and gateways in a simulation: everything of both but sockets and TLS.

A gateway here is `lakh.gateway.Gateway` on a loop of the virtual clock; an agent is `lakh.agent.session.Session`.
Between them is a `Link`: whole messages, in order, each a little late. It plays the session's socket, `Clear` its TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from lakh.bus.inprocess import InProcessEnd
from lakh.gateway.capacity import Capacity
from lakh.gateway.gateway import Gateway
from lakh.gateway.session import CLOSED
from lakh.gateway.session import Session as GatewaySession

LATENCY_SECONDS = (0.0002, 0.004)


class Peer(Protocol):
    """An agent's end of a link."""

    def hear(self, link: Link, message: bytes) -> None: ...
    def lost(self, link: Link) -> None: ...


class GatewayLoop:
    """What a gateway needs of its loop; nothing of it runs any more once the gateway is dead."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.alive = True
        self.on_session: Callable[[int, int], None] = lambda _fd, _mask: None
        self.on_newcomer: Callable[[int], None] = lambda _fd: None
        self.longest_turn_seconds = 0.0

    def monotonic(self) -> float:
        return self._loop.time()

    def soon(self, callback: Callable[[], None]) -> None:
        self._loop.call_soon(self._call, callback)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._loop.call_later(seconds, self._call, callback)

    def add_session(self, fd: int, *, writes: bool = False) -> None:
        """There are no descriptors here."""

    def remove_session(self, fd: int) -> None:
        """There are no descriptors here."""

    def _call(self, callback: Callable[[], None]) -> None:
        if self.alive:
            callback()


class Clear:
    """Plays TLS: messages go as they are."""

    message_limit_bytes = 0

    @staticmethod
    def send(message: bytes) -> bytes:
        return message


class Link:
    """One connection. `number` is its descriptor at the gateway."""

    def __init__(self, gateway: GatewayProcess, peer: Peer, address: str, number: int, random: Random) -> None:
        self._loop = asyncio.get_running_loop()
        self._peer: Peer | None = peer
        self._gateway = gateway
        self._address = address
        self._number = number
        self._random = random
        self._down = self._up = 0.0  # when the last message of each direction arrives
        self.session = GatewaySession(self, self._loop.time())  # type: ignore[arg-type]
        self.session.tls = Clear()  # type: ignore[assignment]

    # --- the gateway's socket ----------------------------------------------------------------------------------------
    def fileno(self) -> int:
        return self._number

    def getpeername(self) -> tuple[str, int]:
        return self._address, 40000

    def send(self, message: bytes) -> int:
        self._down = self._arrival(self._down)
        self._loop.call_at(self._down, self._deliver, message)
        return len(message)

    def shutdown(self, _how: int) -> None:
        """The agent sees the end of what it is told, and goes."""
        self._loop.call_at(self._arrival(self._down), self.cut)

    def close(self) -> None:
        """The gateway has closed; the agent finds out."""
        self._loop.call_at(self._arrival(self._down), self._lose)

    # --- the agent's end ---------------------------------------------------------------------------------------------
    def say(self, message: bytes) -> None:
        self._up = self._arrival(self._up)
        self._loop.call_at(self._up, self._gateway.hear, self.session, message)

    def leave(self) -> None:
        """The agent closes, after what it has said; the gateway finds out."""
        self._peer = None
        self._up = self._arrival(self._up)
        self._loop.call_at(self._up, self._gateway.end, self.session)

    def cut(self) -> None:
        """The network ends it, for both."""
        self._gateway.end(self.session)
        self._lose()

    def _deliver(self, message: bytes) -> None:
        if self._peer is not None:
            self._peer.hear(self, message)

    def _lose(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.lost(self)

    def _arrival(self, last: float) -> float:
        return max(self._loop.time() + self._random.uniform(*LATENCY_SECONDS), last + 1e-6)


class GatewayProcess:
    """One gateway from its start to its death. `bus` is its connection to control, where there is one."""

    def __init__(self, number: int, random: Random) -> None:
        self._loop = GatewayLoop()
        self._random = random
        self._links = 0
        self.number = number
        anything: Any = None
        self.gateway = Gateway(number, self._loop, anything, Capacity(20_000), random.randrange)  # type: ignore[arg-type]
        self.bus: InProcessEnd | None = None

    @property
    def alive(self) -> bool:
        return self._loop.alive

    @property
    def takes_agents(self) -> bool:
        """It listens once control has told it the settings."""
        return self.alive and self.gateway._settings is not None

    def accept(self, peer: Peer, address: str) -> Link:
        """A newcomer whose handshake has ended."""
        self._links += 1
        link = Link(self, peer, address, self._links, self._random)
        self.gateway.edge.by_fd[self._links] = link.session
        self.gateway.edge.established(link.session, [])
        return link

    def hear(self, session: GatewaySession, message: bytes) -> None:
        if self.alive and session.stage != CLOSED:
            self.gateway.edge._deliver(session, [message])

    def end(self, session: GatewaySession) -> None:
        if self.alive:
            self.gateway.edge.doom(session, "closed")

    def kill(self) -> None:
        """Dies without a word: all its connections break."""
        self._loop.alive = False
        if self.bus is not None:
            self.bus.lose()
        for session in list(self.gateway.edge.by_fd.values()):
            session.sock.close()
