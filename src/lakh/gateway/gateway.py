"""One gateway: its sessions by number and host, and what goes between them and the control processes.

A session's life (agent-protocol 3.1 to 3.6): a Startup is answered at once and passed on; a control process attaches it
to a host, or refuses it; from then on calls reach it. Until its host is Up the Startup is kept, and told again to a
control process that takes over, so that one killed half-way leaves no agent hanging.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec

from lakh.base import limits
from lakh.bus import messages as bus
from lakh.bus.connection import Connection
from lakh.gateway.admission import Admission, Certified
from lakh.gateway.calls import Calls
from lakh.gateway.capacity import Capacity
from lakh.gateway.edge import Edge
from lakh.gateway.figures import Figures, private_memory_bytes
from lakh.gateway.loop import Loop
from lakh.gateway.newcomers import Newcomers
from lakh.gateway.pings import Pings
from lakh.gateway.session import ATTACHED, CLOSED, HANDSHAKE, PENDING, STARTUP, Session
from lakh.gateway.uplinks import Uplink, Uplinks
from lakh.gateway.wheel import Wheel
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import decode_frame, encode_frame, server_response
from lakh.wire.header import CONTROL, FROM_SERVER, IN_SEQUENCE, REQUEST, STOP_ON_ERROR, Header, decode_header
from lakh.wire.message import API, Message
from lakh.wire.payload import JSON_ERRORS, encode_payload, split_payload
from lakh.wire.ping import PING_CLASSES
from lakh.wire.startup import STARTUP_CLASSES, startup_answer
from lakh.wire.tls import TlsSide

_SHUTDOWN = API + "ShutdownCommand"
_SEQUENCES_APART = 1 << 48
_SEQUENCE_BASES = 32767  # random(0..32766), agent-protocol 2.4


class _Shutdown(msgspec.Struct, gc=False):
    reason: str | None = None


_read_shutdown = msgspec.json.Decoder(_Shutdown).decode


class Gateway:
    """Everything between the edge and the bus. `random_below(n)` gives a random number from 0 to n - 1."""

    def __init__(
        self,
        number: int,
        loop: Loop,
        tls: TlsSide,
        capacity: Capacity,
        random_below: Callable[[int], int],
        certified: Certified | None = None,
    ) -> None:
        now = loop.monotonic()
        self.figures = Figures()
        self._number = number
        self._loop = loop
        self._capacity = capacity
        self._random_below = random_below
        self._wheel: Wheel[Session] = Wheel(now)
        self._admission = Admission(tls, certified)
        self.edge = Edge(loop, self, self._wheel, self.figures)
        self.newcomers = Newcomers(loop, self.edge, self._admission, self._wheel, self.figures, capacity)
        self._calls = Calls(self.edge, self.figures, now)
        self._pings = Pings(self.edge, self._wheel, self.figures, self._tell_owner)
        self._uplinks = Uplinks(self._from_control, self._control_lost)
        self._sessions: dict[int, Session] = {}  # those that said Startup, by number
        self._hosts: dict[int, Session] = {}
        self._settings: bus.GatewaySettings | None = None
        self._startup_bytes = 0
        self._memory_at_first = private_memory_bytes()
        self.on_settings: Callable[[], None] = lambda: None
        loop.later(1.0, self._tick)

    def connect(self, connection: Connection) -> None:
        """Takes a connection to a control process and tells it what this gateway holds."""
        held = tuple(bus.Held(session.number, host_id, session.is_up) for host_id, session in self._hosts.items())
        self._uplinks.add(connection, bus.GatewayHello(self._number, os.getpid(), self._capacity.connections, held))

    def holds(self, host_id: int) -> bool:
        """True while a session is attached to the host here."""
        return host_id in self._hosts

    # --- from agents -------------------------------------------------------------------------------------------------
    def received(self, session: Session, message: bytes) -> None:
        """A whole message of an agent. Raises ProtocolError when it cannot be read."""
        header = decode_header(message)
        if session.stage != ATTACHED and header.compressed and header.size_bytes > limits.STARTUP_BYTES:
            raise ProtocolError("a compressed message before the host is attached is too long")
        if header.flags & (FROM_SERVER | CONTROL):  # another management server's, which have a bus of their own here
            self.figures.discarded += 1
            return
        payload = decode_frame(message).payload
        if not header.flags & REQUEST:
            if session.stage == ATTACHED:
                self._calls.answered(session, header.sequence, payload)
            return
        commands = split_payload(payload)
        java_class = commands[0][0] if commands else ""
        if java_class in STARTUP_CLASSES:
            self._startup(session, header, payload)
        elif session.stage == STARTUP or not commands:
            self.figures.discarded += 1  # nothing but Startup counts before Startup (agent-protocol 3.2)
        elif java_class in PING_CLASSES and len(commands) == 1:
            self._pings.ping(session, header, commands[0][1], self._loop.monotonic())
        elif java_class == _SHUTDOWN:
            self._shutdown(session, header, commands[0][1])
        elif session.stage == ATTACHED:
            self._tell_owner(bus.AgentRequest(session.number, session.host_id, header.sequence, header.flags, payload))
        else:
            self.figures.discarded += 1

    def closed(self, session: Session) -> None:
        """The edge has closed an established session."""
        self._admission.forget(session)
        self._release_startup(session)
        self._calls.session_lost(session, session.close_reason)
        if self._sessions.pop(session.number, None) is None:
            return
        if self._hosts.get(session.host_id) is session:
            del self._hosts[session.host_id]
        self._uplinks.tell_all(bus.AgentGone(session.number, session.host_id, session.close_reason))

    def _startup(self, session: Session, header: Header, payload: bytes) -> None:
        settings = self._settings
        assert settings is not None  # nothing listens before the first settings
        answer = startup_answer(settings.ping_interval_seconds)
        self._respond(session, header, answer)
        now = self._loop.monotonic()
        if session.stage == STARTUP:
            session.stage = PENDING
            self._sessions[session.number] = session
            self._wheel.file(session, now + limits.ATTACH_SECONDS)
        elif now - session.startup_told < limits.STARTUP_APART_SECONDS:
            return  # one peer must not keep a control process busy
        session.startup_told = now
        self._release_startup(session)
        if self._startup_bytes + len(payload) > limits.STARTUPS_WAITING_BYTES:
            self.edge.doom(session, "overload")
            return
        startup = bus.AgentStartup(
            session.number, session.peer(), header.host_id, session.host_id, payload, header.sequence, header.flags,
            *self._admission.shown(session),
        )  # fmt: skip
        session.startup = startup
        self._startup_bytes += len(payload)
        self._tell_owner(startup)

    def _shutdown(self, session: Session, header: Header, body: msgspec.Raw) -> None:
        """An agent says why it goes (agent-protocol 3.6): sig.kill is believed, update is refused, the rest ignored."""
        try:
            reason = _read_shutdown(body).reason
        except JSON_ERRORS as error:
            raise ProtocolError(f"ShutdownCommand: {error}") from None
        if reason == "sig.kill":
            self.edge.doom(session, "shutdown")
        elif reason == "update":
            fields = {"result": False, "details": "agents are not updated by the server", "contextMap": {}, "wait": 0}
            self._respond(session, header, encode_payload([Message(API + "Answer", fields)]))

    def _respond(self, session: Session, header: Header, payload: bytes) -> None:
        server = self._settings.management_server_id if self._settings is not None else -1
        message = server_response(header, payload, management_server_id=server, via=session.host_id)
        self.edge.send(session, message)

    def _release_startup(self, session: Session) -> None:
        if session.startup is not None:
            self._startup_bytes -= len(session.startup.payload)
            session.startup = None

    # --- from control ------------------------------------------------------------------------------------------------
    def _from_control(self, uplink: Uplink, message: msgspec.Struct) -> None:
        match message:
            case bus.Call():
                session = self._hosts.get(message.host_id)
                self._calls.start(message, uplink, session, self._loop.monotonic())
            case bus.CancelCall():
                self._calls.cancel(uplink, message.call)
            case bus.Attach():
                self._attach(uplink, message)
            case bus.HostIsUp():
                up = self._hosts.get(message.host_id)
                if up is not None:
                    up.is_up = True
                    self._release_startup(up)
                    if self._uplinks.several:
                        self._uplinks.tell_all(bus.AgentUp(message.host_id), but=uplink)
            case bus.Refuse():
                self._refuse(message)
            case bus.Drop():
                self._drop(message)
            case bus.AgentAnswer():
                self._agent_answer(message)
            case bus.Revoked():
                self._admission.revoke(message.serials)
            case bus.GatewaySettings():
                self._take_settings(uplink, message)

    def _attach(self, uplink: Uplink, message: bus.Attach) -> None:
        session = self._sessions.get(message.session)
        if session is None or session.stage not in (PENDING, ATTACHED) or session.close_reason:
            uplink.connection.send(bus.AgentGone(message.session, message.host_id, "closed"))
            return
        older = self._hosts.get(message.host_id)
        if older is session:
            return  # a Startup on an attached link: nothing is new
        if older is not None:
            self.edge.doom(older, "replaced")
        if self._hosts.get(session.host_id) is session:
            del self._hosts[session.host_id]
        self._hosts[message.host_id] = session
        session.host_id = message.host_id
        session.next_sequence = self._random_below(_SEQUENCE_BASES) * _SEQUENCES_APART
        self.edge.attached(session)
        self._pings.attached(session, self._loop.monotonic())
        self._uplinks.tell_all(bus.AgentAttached(session.number, session.host_id), but=uplink)

    def _refuse(self, message: bus.Refuse) -> None:
        """A ReadyCommand with details, without ids and answer (agent-protocol 3.3)."""
        session = self._sessions.get(message.session)
        if session is None:
            return
        fields = {"_details": message.text, "contextMap": {}, "wait": 0, "bypassHostMaintenance": False}
        header = Header(REQUEST | STOP_ON_ERROR | IN_SEQUENCE, -1, 0, -1, -1, -1)
        self.edge.send(session, encode_frame(header, encode_payload([Message(API + "ReadyCommand", fields)])))
        self.edge.leave(session)

    def _drop(self, message: bus.Drop) -> None:
        by_host = self._hosts.get(message.host_id)
        session = by_host if message.session < 0 else self._sessions.get(message.session)
        if session is not None:
            self.edge.doom(session, "dropped")

    def _agent_answer(self, message: bus.AgentAnswer) -> None:
        session = self._sessions.get(message.session)
        if session is not None:
            asked = Header(message.flags, message.sequence, 0, -1, session.host_id, session.host_id)
            self._respond(session, asked, message.payload)

    def _take_settings(self, uplink: Uplink, settings: bus.GatewaySettings) -> None:
        owner_before = self._uplinks.owner()
        uplink.settings = settings
        if settings.owns_liveness:
            self._uplinks.claimed(uplink)
        owner = self._uplinks.owner()
        if owner is uplink or self._settings is None:
            self._settings = settings
            self._calls.management_server_id = settings.management_server_id
            self._pings.configure(settings, self._hosts.values())
            self._admission.configure(settings)
        if owner is not None and owner is not owner_before:
            self._brief(owner)
        self.on_settings()

    def _brief(self, owner: Uplink) -> None:
        """Tells a new owner of liveness what it cannot know: who waits to be attached, who is behind."""
        for session in self._sessions.values():
            if session.startup is not None:
                owner.connection.send(msgspec.structs.replace(session.startup, attached_host_id=session.host_id))
        self._pings.forget(self._hosts.values())
        self._pings.flush()

    def _control_lost(self, uplink: Uplink) -> None:
        was_owner = uplink.settings is not None and uplink.settings.owns_liveness
        self._calls.caller_lost(uplink)
        owner = self._uplinks.owner()
        if was_owner and owner is not None:
            self._brief(owner)

    def _tell_owner(self, message: msgspec.Struct) -> bool:
        owner = self._uplinks.owner()
        if owner is None:
            return False
        owner.connection.send(message)
        return True

    # --- time --------------------------------------------------------------------------------------------------------
    def _tick(self) -> None:
        """Once a second: deadlines of sessions and calls, listeners, metrics."""
        now = self._loop.monotonic()
        for session in self._wheel.take(now):
            if session.stage == ATTACHED:
                self._pings.check(session, now)
            elif session.stage <= HANDSHAKE:
                self.newcomers.expire(session)
            elif session.stage < CLOSED:
                self.edge.doom(session, "no-startup" if session.stage == STARTUP else "not-attached")
        self._calls.tick(now)
        self._pings.flush()
        self.newcomers.tick()
        self._report()
        self._loop.later(1.0, self._tick)

    def _report(self) -> None:
        figures = self.figures
        figures.loop_lag_seconds, self._loop.longest_turn_seconds = self._loop.longest_turn_seconds, 0.0
        values = figures.report()
        values["lakh_gateway_connections"] = len(self.edge.by_fd)
        values["lakh_gateway_attached_hosts"] = len(self._hosts)
        values["lakh_gateway_handshakes_in_flight"] = self.newcomers.handshakes_in_flight
        values["lakh_gateway_hellos_waiting"] = self.newcomers.hellos_waiting
        values["lakh_gateway_listening"] = int(self.newcomers.is_listening)
        values["lakh_gateway_memory_bytes"] = memory = private_memory_bytes()
        if not self.edge.by_fd and not figures.accepts:
            self._memory_at_first = memory
        elif self.edge.by_fd:
            more = max(0, memory - self._memory_at_first)
            values["lakh_gateway_memory_per_connection_bytes"] = more // len(self.edge.by_fd)
        self._uplinks.tell_all(bus.GatewayFigures(self._number, values))
