"""Listeners and handshakes: what a peer may cost before it is even encrypted.

* *hello*: a connection whose first TLS record has not arrived whole has no TLS state and no place among the handshakes.
  Silent peers, bare TCP probes, trickles and garbage end here. At most HELLOS_WAITING; above, the oldest is closed.
* *handshake*: at most HANDSHAKES_IN_FLIGHT, so that few finish soon rather than all late. While all places are taken
  nothing is accepted (newcomers wait in the kernel's queue), and whoever holds one for several times as long as those
  that finish need loses it: 5,000 peers that never finish are through in seconds, and agents that are slow because all
  of them come at once keep theirs. Every handshake ends within HANDSHAKE_SECONDS.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final

from lakh.base import limits
from lakh.gateway.admission import Admission
from lakh.gateway.capacity import Capacity
from lakh.gateway.edge import Edge
from lakh.gateway.figures import Figures
from lakh.gateway.loop import Loop
from lakh.gateway.session import HANDSHAKE, Session
from lakh.gateway.wheel import Wheel
from lakh.wire.errors import HandshakeError, ProtocolError
from lakh.wire.tls import TlsLink

_TLS_HANDSHAKE: Final = 0x16
_TLS_MAJOR: Final = 0x03
_RECORD_HEADER_BYTES: Final = 5
_RECORD_BYTES: Final = _RECORD_HEADER_BYTES + limits.TLS_PLAINTEXT_BYTES
_TYPICAL_SECONDS: Final = 0.2  # of a handshake, before the first one
_PATIENCE: Final = 4  # times the typical handshake, while all places are taken
_PATIENCE_SECONDS_LEAST: Final = 0.5
_CROWD: Final = 16  # handshakes in flight from which the loop pauses between its turns
_CROWD_PAUSE_SECONDS: Final = 0.03
_ACCEPTS: Final = 16  # at a time, before handshakes get their turn again
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Newcomers:
    """The listeners of one gateway and its connections up to the end of the TLS handshake."""

    def __init__(
        self,
        loop: Loop,
        edge: Edge,
        admission: Admission,
        wheel: Wheel[Session],
        figures: Figures,
        capacity: Capacity,
    ) -> None:
        self._loop = loop
        self._edge = edge
        self._admission = admission
        self._wheel = wheel
        self._figures = figures
        self._capacity = capacity
        self._hellos: dict[Session, None] = {}  # oldest first
        self._ready: dict[Session, None] = {}  # whole hello, waiting for a place; oldest first
        self._handshakes: dict[Session, float] = {}  # in place since when; oldest first
        self._listeners: dict[int, socket.socket] = {}
        self._typical_seconds = _TYPICAL_SECONDS
        self._accepting = False
        self._bind: Callable[[], list[socket.socket]] | None = None
        loop.on_newcomer = self._event
        loop.pause_seconds = self._pause_seconds

    @property
    def handshakes_in_flight(self) -> int:
        return len(self._handshakes) + len(self._ready)

    @property
    def hellos_waiting(self) -> int:
        return len(self._hellos)

    @property
    def is_listening(self) -> bool:
        return bool(self._listeners)

    def _pause_seconds(self) -> float:
        return _CROWD_PAUSE_SECONDS if self.handshakes_in_flight >= _CROWD else 0.0

    def listen(self, bind: Callable[[], list[socket.socket]]) -> None:
        """Listens on what `bind` gives from now on; it is called again after each time the gateway was full."""
        self._bind = bind
        self._relisten()

    def expire(self, session: Session) -> None:
        """A newcomer's time has run out."""
        self._fail(session, "timeout" if session.hello or session.stage == HANDSHAKE else "silent")

    def tick(self) -> None:
        """Once a second: makes room among handshakes, and listens again where it had to stop."""
        now = self._loop.monotonic()
        if self.handshakes_in_flight >= limits.HANDSHAKES_IN_FLIGHT:
            patience = max(_PATIENCE_SECONDS_LEAST, _PATIENCE * self._typical_seconds)
            patience = min(patience, limits.HANDSHAKE_CROWDED_SECONDS)
            late = [s for s, since in self._handshakes.items() if now - since > patience]
            for session in late:
                self._fail(session, "crowded")
        self._relisten()
        self._accept_or_pause()

    def close(self) -> None:
        """Listens no more, for good."""
        self._bind = None
        self._close_listeners()

    # --- listeners ---------------------------------------------------------------------------------------------------
    def _relisten(self) -> None:
        if self._bind is None or self._listeners or not self._capacity.has_room(len(self._edge.by_fd)):
            return
        for sock in self._bind():
            sock.listen(limits.LISTEN_BACKLOG)
            self._listeners[sock.fileno()] = sock
        self._accepting = False
        self._accept_or_pause()

    def _close_listeners(self) -> None:
        for fd, sock in self._listeners.items():
            if self._accepting:
                self._loop.remove_newcomer(fd)
            sock.close()
        self._listeners.clear()
        self._accepting = False

    def _accept_or_pause(self) -> None:
        wanted = self.handshakes_in_flight < limits.HANDSHAKES_IN_FLIGHT
        if wanted == self._accepting:
            return
        for fd in self._listeners:
            if wanted:
                self._loop.add_newcomer(fd)
            else:
                self._loop.remove_newcomer(fd)
        self._accepting = wanted

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, _address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _OUT_OF_FILES:  # other gateways may have room
                    self._close_listeners()
                return
            self._welcome(sock)
            if self._capacity.is_full(len(self._edge.by_fd)):
                self._close_listeners()
                return

    def _welcome(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        now = self._loop.monotonic()
        session = Session(sock, now)
        self._figures.accepts += 1
        self._edge.by_fd[session.fd] = session
        self._hellos[session] = None
        self._loop.add_newcomer(session.fd)
        self._wheel.file(session, now + limits.HANDSHAKE_SECONDS)
        if len(self._hellos) > limits.HELLOS_WAITING:
            self._fail(next(iter(self._hellos)), "silent")

    # --- handshakes --------------------------------------------------------------------------------------------------
    def _event(self, fd: int) -> None:
        listener = self._listeners.get(fd)
        if listener is not None:
            self._accept(listener)
            return
        session = self._edge.by_fd.get(fd)
        if session is None or session.stage > HANDSHAKE:
            return
        data = self._edge.read(session)
        if data is None:
            return
        if not data:
            self._fail(session, "closed" if session.hello or session.stage == HANDSHAKE else "probe")
        elif session.stage == HANDSHAKE:
            self._shake_hands(session, data)
        else:
            self._greet(session, data)

    def _greet(self, session: Session, data: bytes) -> None:
        """Gathers the first TLS record; only a whole one gets TLS state."""
        hello = data if session.hello is None else session.hello + data
        session.hello = hello
        if hello[0] != _TLS_HANDSHAKE or (len(hello) > 1 and hello[1] != _TLS_MAJOR):
            self._fail(session, "garbage")
            return
        if len(hello) < _RECORD_HEADER_BYTES:
            return
        length = _RECORD_HEADER_BYTES + (hello[3] << 8 | hello[4])
        if length > _RECORD_BYTES:
            self._fail(session, "garbage")
        elif len(hello) >= length:
            del self._hellos[session]
            if not self._ready and len(self._handshakes) < limits.HANDSHAKES_IN_FLIGHT:
                self._begin(session)
                self._accept_or_pause()
                return
            self._loop.remove_newcomer(session.fd)  # it has nothing to say until it is its turn
            self._ready[session] = None
            self._admit()

    def _admit(self) -> None:
        """Gives free places to those who wait, oldest first."""
        while self._ready and len(self._handshakes) < limits.HANDSHAKES_IN_FLIGHT:
            session = next(iter(self._ready))
            del self._ready[session]
            self._loop.add_newcomer(session.fd)
            self._begin(session)
        self._accept_or_pause()

    def _begin(self, session: Session) -> None:
        """Takes a place and answers the hello."""
        session.stage = HANDSHAKE
        session.tls = TlsLink(self._admission.tls, message_limit_bytes=limits.STARTUP_BYTES)
        self._handshakes[session] = self._loop.monotonic()
        hello, session.hello = session.hello, None
        self._shake_hands(session, hello or b"")

    def _shake_hands(self, session: Session, data: bytes) -> None:
        tls = session.tls
        assert tls is not None
        try:
            messages = tls.receive(data)
        except ProtocolError as error:
            self._edge.write(session, tls.outgoing())  # the alert tells the peer why
            self._fail(session, error.kind if isinstance(error, HandshakeError) else "tls")
            return
        if tls.handshake_done and self._admission.asks and not self._is_admitted(session):
            return
        self._edge.write(session, tls.outgoing())
        if session.out:  # a fresh connection that does not take two kilobytes is no agent's
            self._fail(session, "slow")
        elif tls.handshake_done:
            self._figures.handshakes += 1
            took = self._loop.monotonic() - self._handshakes.pop(session)
            self._figures.handshake_seconds += took
            self._typical_seconds += (took - self._typical_seconds) / 16
            self._loop.remove_newcomer(session.fd)
            self._edge.established(session, messages)
            self._place_is_free()

    def _is_admitted(self, session: Session) -> bool:
        try:
            self._admission.judge(session)
        except HandshakeError as error:
            self._fail(session, error.kind)
            return False
        return True

    def _fail(self, session: Session, reason: str) -> None:
        """Closes a newcomer at once: nobody else knows it yet."""
        self._figures.handshakes_failed[reason] += 1
        if session in self._ready:
            del self._ready[session]
        else:
            self._loop.remove_newcomer(session.fd)
        self._hellos.pop(session, None)
        self._handshakes.pop(session, None)
        session.close_reason = reason
        self._edge.forget(session)
        self._place_is_free()

    def _place_is_free(self) -> None:
        if self._ready:
            self._loop.soon(self._admit)
        self._accept_or_pause()


def bound_sockets(hosts: list[str], port: int) -> list[socket.socket]:
    """One socket per address, bound but not yet listening; gateways of one machine share a port (SO_REUSEPORT).

    Raises OSError when the port is taken by somebody else, or the address is not of this machine.
    """
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(sock)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            # accepted sockets inherit these two, which saves two system calls each
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((host, port))
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets
