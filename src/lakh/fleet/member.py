"""One agent of the fleet on the network: its session, its link, where it dials next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from lakh.agent.behaviour import Behaviour
from lakh.agent.host import Agent
from lakh.agent.session import Session
from lakh.base.limits import FLEET_SEND_BACKLOG_BYTES
from lakh.fleet.statistics import Statistics
from lakh.fleet.timers import Timers
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame
from lakh.wire.tls import TlsLink

Address = tuple[str, int]


class Surroundings(Protocol):
    """What the members of a process share."""

    @property
    def timers(self) -> Timers: ...
    @property
    def statistics(self) -> Statistics: ...
    @property
    def servers(self) -> tuple[Address, ...]: ...
    def dial(self, member: Member) -> None: ...
    def probe(self, server: Address, reachable: Callable[[], None]) -> None: ...
    def tls_link(self, agent: Agent) -> TlsLink: ...


class Connection(asyncio.Protocol):
    """One TCP connection and the TLS session on it. A member has at most one at a time."""

    __slots__ = ("_link", "_member", "_secured", "_transport")

    def __init__(self, member: Member, link: TlsLink, secured: asyncio.Future[None]) -> None:
        self._member: Member | None = member
        self._link = link
        self._secured: asyncio.Future[None] | None = secured
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._link.outgoing())

    def data_received(self, data: bytes) -> None:
        member = self._member
        if member is None:
            return
        try:
            messages = self._link.receive(data)
            self._flush()
            if self._secured is not None and self._link.handshake_done:
                self._end_handshake()
                member.secured(self)
            for message in messages:
                if self._member is None:
                    return
                member.session.received(decode_frame(message))
        except ProtocolError as error:
            member.surroundings.statistics.broken(str(error))
            self._flush()
            self._abort()

    def connection_lost(self, error: Exception | None) -> None:
        member, self._member = self._member, None
        self._transport = None
        if self._secured is not None:
            if not self._secured.done():
                self._secured.set_exception(error or ConnectionResetError("closed during the TLS handshake"))
            self._secured = None
        elif member is not None:
            member.gone()

    def send(self, message: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > FLEET_SEND_BACKLOG_BYTES:
            self._abort()
            return
        transport.write(self._link.send(message))

    def write_raw(self, data: bytes) -> None:
        """Bytes as they are: to see what a server does with nonsense."""
        if self._transport is not None:
            self._transport.write(data)

    def pause(self, paused: bool) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if paused:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def close(self) -> None:
        """Closes without telling the member."""
        self._member = None
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Ends the connection as a broken network would; the member hears of it."""
        self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        data = self._link.outgoing()
        if data and self._transport is not None:
            self._transport.write(data)

    def _end_handshake(self) -> None:
        if self._secured is not None and not self._secured.done():
            self._secured.set_result(None)
        self._secured = None


class Member:
    """An agent with a session; the session's Edge. `number` gives its loopback source address.

    `server`: the one it is connected to, or tried last.
    """

    __slots__ = (
        "_connection",
        "_lost",
        "_own",
        "_turn",
        "agent",
        "first_servers",
        "number",
        "server",
        "session",
        "surroundings",
    )

    def __init__(
        self,
        number: int,
        agent: Agent,
        behaviour: Behaviour,
        surroundings: Surroundings,
        first_servers: tuple[Address, ...] = (),
    ) -> None:
        self.number = number
        self.agent = agent
        self.surroundings = surroundings
        own = surroundings.servers
        turn = number % len(own)
        self.first_servers = first_servers
        self._own = own[turn:] + own[:turn] if turn else own
        agent.first_servers = tuple(host for host, _ in first_servers or self._own)
        self.session = Session(agent, self, behaviour)
        self.server: Address | None = None
        self._connection: Connection | None = None
        self._lost = 0.0  # monotonic seconds when the link was lost, until the agent is Ready again
        self._turn = 0

    # --- where to -----------------------------------------------------------------------------------------------------
    def next_server(self) -> Address:
        """Servers in turn: those the agent was told of, without the ones to avoid, then those it was started with.

        Agents begin with different ones of these, so that several servers share a fleet that nobody has told anything.
        """
        own = self._own
        if not self.agent.servers and not self.first_servers:
            self.server = own[self._turn % len(own)]
            return self.server
        port = own[0][1]
        avoid = set(self.agent.avoid)
        told = [(host, port) for host in self.agent.servers if host not in avoid]
        choices = list(dict.fromkeys([*told, *self.first_servers, *own]))
        self.server = choices[self._turn % len(choices)]
        return self.server

    def open(self, secured: asyncio.Future[None]) -> Connection:
        """The protocol for a new connection."""
        return Connection(self, self.surroundings.tls_link(self.agent), secured)

    # --- what the connection tells ------------------------------------------------------------------------------------
    def secured(self, connection: Connection) -> None:
        if self.session.stopped or self._connection is not None:
            connection.close()
            return
        self._connection = connection
        self._turn = 0
        self.surroundings.statistics.connects += 1
        self.surroundings.statistics.connected += 1
        self.session.connected()

    def gone(self) -> None:
        self._connection = None
        self.surroundings.statistics.connected -= 1
        self.surroundings.statistics.losses += 1
        self._lost = self.agent.clock.monotonic()
        self.session.lost()

    def failed(self) -> None:
        """The attempt to connect failed: the next one goes to the next server."""
        self._turn += 1
        self.surroundings.statistics.failures += 1
        self.session.failed()

    # --- Edge ---------------------------------------------------------------------------------------------------------
    def send(self, message: bytes) -> None:
        if self._connection is not None:
            self._connection.send(message)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.surroundings.statistics.connected -= 1

    def connect(self, after_seconds: float) -> None:
        self.surroundings.timers.later(after_seconds, self._dial)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.surroundings.timers.later(seconds, call)

    def probe_preferred(self, reachable: Callable[[], None]) -> None:
        told = [host for host in self.agent.servers if host not in self.agent.avoid]
        if told and self._connection is not None and self.server is not None and told[0] != self.server[0]:
            self.surroundings.probe((told[0], self._own[0][1]), reachable)

    def rejected(self, text: str) -> None:
        self.surroundings.statistics.rejected(self.agent.own_name, text)

    def answered(self, name: str, seconds: float, result: bool) -> None:
        self.surroundings.statistics.answered(name, seconds, result)
        if self._lost and name == "ReadyCommand":
            self.surroundings.statistics.came_back(self.agent.clock.monotonic() - self._lost)
            self._lost = 0.0

    def pinged(self) -> None:
        self.surroundings.statistics.pings += 1

    def ping_answered(self, seconds: float) -> None:
        self.surroundings.statistics.ping_answered(seconds)

    # --- mischief -----------------------------------------------------------------------------------------------------
    @property
    def connected(self) -> bool:
        return self._connection is not None

    def cut(self) -> None:
        if self._connection is not None:
            self._connection.cut()

    def freeze(self) -> None:
        self.session.frozen = True
        if self._connection is not None:
            self._connection.pause(True)

    def heal(self) -> None:
        if self.session.frozen:
            if self._connection is not None:
                self._connection.pause(False)
            self.session.heal()

    def write_raw(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.write_raw(data)

    def _dial(self) -> None:
        if self.session.frozen:
            self.later(1.0, self._dial)
        elif not self.session.stopped and self._connection is None:
            self.surroundings.dial(self)
