"""Established connections: whole messages in, bytes out, and an end to each.

Nothing is closed from inside a send or a receive: `doom` notes it, and the end of the turn closes. So no caller loses
its session under its hands.
"""

from __future__ import annotations

import socket
import traceback
from typing import Final, Protocol

from lakh.base import limits
from lakh.gateway.figures import Figures
from lakh.gateway.loop import WRITE, Loop
from lakh.gateway.session import ATTACHED, CLOSED, HANDSHAKE, LEAVING, STARTUP, Session
from lakh.gateway.wheel import Wheel
from lakh.wire.errors import ProtocolError

_LEAVE_SECONDS: Final = 5.0
_ERRORS_TOLD: Final = 10  # whoever finds one can repeat it without end
_scratch = bytearray(64 * 1024)  # every read of the process goes through it


class Sessions(Protocol):
    """Whom the edge tells."""

    def received(self, session: Session, message: bytes) -> None:
        """A whole message, header first. Raises ProtocolError to have the connection dropped."""
        ...

    def closed(self, session: Session) -> None:
        """An established session is closed; `session.close_reason` says why."""
        ...


class Edge:
    """All open connections of one gateway, by descriptor."""

    def __init__(self, loop: Loop, sessions: Sessions, wheel: Wheel[Session], figures: Figures) -> None:
        self.by_fd: dict[int, Session] = {}
        self._loop = loop
        self._sessions = sessions
        self._wheel = wheel
        self._figures = figures
        self._doomed: list[Session] = []
        self._last_number = 0
        loop.on_session = self._event

    # --- what the gateway asks for -----------------------------------------------------------------------------------
    def send(self, session: Session, message: bytes) -> None:
        """Sends a whole message; a peer that leaves too much unread is dropped. Raises ProtocolError: too long."""
        if session.stage == CLOSED or session.close_reason or session.tls is None:
            return
        self._figures.frames_out += 1
        self.write(session, session.tls.send(message))

    def doom(self, session: Session, reason: str) -> None:
        """Closes at the end of this turn; the first reason counts."""
        if session.close_reason or session.stage == CLOSED:
            return
        session.close_reason = "refused" if session.stage == LEAVING else reason
        if not self._doomed:
            self._loop.soon(self._close_doomed)
        self._doomed.append(session)

    def leave(self, session: Session) -> None:
        """Closes once what was sent has gone out and the peer has gone, or after a few seconds."""
        if session.close_reason or session.stage == CLOSED:
            return
        session.stage = LEAVING
        self._wheel.file(session, self._loop.monotonic() + _LEAVE_SECONDS)
        if not session.out:
            self._shut_down(session)

    def attached(self, session: Session) -> None:
        """The session belongs to a host now: its messages may be of full size."""
        session.stage = ATTACHED
        if session.tls is not None:
            session.tls.message_limit_bytes = limits.MESSAGE_BYTES

    def close(self) -> None:
        """Closes all connections, telling nobody."""
        for session in self.by_fd.values():
            session.stage = CLOSED
            session.sock.close()
        self.by_fd.clear()

    # --- for newcomers -----------------------------------------------------------------------------------------------
    def established(self, session: Session, messages: list[bytes]) -> None:
        """A newcomer's handshake has ended; `messages` came along with it."""
        self._loop.add_session(session.fd)
        self._last_number += 1
        session.number = self._last_number
        session.stage = STARTUP
        self._wheel.file(session, self._loop.monotonic() + limits.STARTUP_SECONDS)
        self._deliver(session, messages)

    def read(self, session: Session) -> bytes | None:
        """What has arrived; empty when the peer is gone, None when there is nothing after all."""
        try:
            count = session.sock.recv_into(_scratch)
        except BlockingIOError:
            return None
        except OSError:
            return b""
        self._figures.bytes_in += count
        return bytes(memoryview(_scratch)[:count])

    def write(self, session: Session, data: bytes) -> None:
        """Sends bytes as they are; what the socket does not take waits in `session.out`."""
        if not data:
            return
        self._figures.bytes_out += len(data)
        if session.out:
            session.out += data
        else:
            try:
                sent = session.sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                if session.stage > HANDSHAKE:
                    self.doom(session, "closed")
                return
            if sent == len(data):
                return
            session.out = bytearray(data[sent:])
            if session.stage > HANDSHAKE:
                self._loop.watch_session(session.fd, writes=True)
        if session.stage > HANDSHAKE and len(session.out) > limits.AGENT_SEND_BACKLOG_BYTES:
            self.doom(session, "slow")

    def forget(self, session: Session) -> None:
        """Closes the socket, and nothing refers to the session any more."""
        session.stage = CLOSED
        self._wheel.drop(session)
        del self.by_fd[session.fd]
        session.sock.close()
        session.tls = session.out = session.hello = None

    # --- events ------------------------------------------------------------------------------------------------------
    def _event(self, fd: int, mask: int) -> None:
        session = self.by_fd.get(fd)
        if session is None or session.close_reason:
            return
        if mask & WRITE and session.out:
            self._write_rest(session, session.out)
        if not mask & ~WRITE:
            return
        data = self.read(session)
        if data is None:
            return
        if not data:
            self.doom(session, "closed")
        elif session.stage != LEAVING and session.tls is not None:
            try:
                messages = session.tls.receive(data)
            except ProtocolError:
                self.write(session, session.tls.outgoing())  # the alert tells the peer why
                self.doom(session, "protocol")
                return
            self.write(session, session.tls.outgoing())
            self._deliver(session, messages)

    def _deliver(self, session: Session, messages: list[bytes]) -> None:
        for message in messages:
            if session.close_reason or session.stage == LEAVING:
                return
            self._figures.frames_in += 1
            try:
                self._sessions.received(session, message)
            except ProtocolError:
                self.doom(session, "protocol")
                return
            except Exception:  # a defect of ours: it must not cost thousands of others their links
                if self._figures.sessions_closed["error"] < _ERRORS_TOLD:
                    traceback.print_exc()
                self.doom(session, "error")
                return

    def _write_rest(self, session: Session, out: bytearray) -> None:
        try:
            sent = session.sock.send(out)
        except BlockingIOError:
            return
        except OSError:
            self.doom(session, "closed")
            return
        del out[:sent]
        if not out:
            session.out = None
            self._loop.watch_session(session.fd, writes=False)
            if session.stage == LEAVING:
                self._shut_down(session)

    def _shut_down(self, session: Session) -> None:
        """Ends our side only: closing with unread bytes would take back what the peer has not read yet."""
        try:
            session.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.doom(session, "closed")

    def _close_doomed(self) -> None:
        doomed, self._doomed = self._doomed, []
        for session in doomed:
            self._figures.sessions_closed[session.close_reason] += 1
            self._loop.remove_session(session.fd)
            self.forget(session)
            self._sessions.closed(session)
