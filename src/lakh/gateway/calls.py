"""Calls to hosts: one in-sequence request outstanding per host, any number of others, answers matched by sequence.

The slot of the in-sequence request is freed by its answer or by the end of its time, not by its caller's leaving: the
agent may still be at it. Nothing is sent on behalf of a caller that is gone. Source: agent-protocol 2.4, 2.8.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from lakh.base import limits
from lakh.bus.messages import Call, CallDone
from lakh.gateway.figures import Figures
from lakh.gateway.session import Session
from lakh.gateway.wheel import Wheel
from lakh.wire.errors import ProtocolError
from lakh.wire.frame import server_request

if TYPE_CHECKING:
    from lakh.gateway.uplinks import Uplink


class HostCall:
    """One call on its way. `uplink` is None once its caller is gone; `payload` is empty once it is sent."""

    __slots__ = ("due", "in_sequence", "number", "payload", "sent", "sequence", "session", "stop_on_error", "uplink")

    def __init__(self, request: Call, uplink: Uplink, session: Session, sequence: int) -> None:
        self.number = request.call
        self.uplink: Uplink | None = uplink
        self.session = session
        self.sequence = sequence
        self.payload = request.commands
        self.in_sequence = request.in_sequence
        self.stop_on_error = request.stop_on_error
        self.sent = False
        self.due = -1  # see Wheel


class Sender(Protocol):
    def send(self, session: Session, message: bytes) -> None: ...


class Calls:
    """The calls of one gateway. The tables of calls hang on their sessions, empty for most."""

    def __init__(self, edge: Sender, figures: Figures, now: float) -> None:
        self._edge = edge
        self._figures = figures
        self._deadlines: Wheel[HostCall] = Wheel(now)
        self.management_server_id = -1

    def start(self, request: Call, uplink: Uplink, session: Session | None, now: float) -> None:
        """Sends the request, or queues it behind the host's current in-sequence one."""
        if session is None:
            uplink.connection.send(CallDone(request.call, b"", "its agent is not connected here", sent=False))
            return
        if request.in_sequence and session.current is not None:
            waiting = session.queue.__len__() if session.queue is not None else 0
            if waiting >= limits.HOST_QUEUE or session.queue_bytes > limits.HOST_QUEUE_BYTES:
                error = f"{waiting} requests already wait for this host: it is too slow or hangs"
                uplink.connection.send(CallDone(request.call, b"", error, sent=False))
                return
        session.next_sequence += 1
        call = HostCall(request, uplink, session, session.next_sequence)
        uplink.calls[call.number] = call
        self._figures.calls += 1
        self._deadlines.file(call, now + request.timeout_seconds)
        if call.in_sequence and session.current is not None:
            if session.queue is None:
                session.queue = deque()
            session.queue.append(call)
            session.queue_bytes += len(call.payload)
            self._figures.queue_depth = max(self._figures.queue_depth, len(session.queue))
        else:
            self._send(call)

    def answered(self, session: Session, sequence: int, answers: bytes) -> None:
        """A response came. One that nobody waits for (late, or a cron command's later ones) is ignored."""
        call = session.calls.pop(sequence, None) if session.calls is not None else None
        if call is None:
            self._figures.calls_late += 1
            return
        if not session.calls:
            session.calls = None
        self._finish(call, answers, "")
        if session.current is call:
            self._next(session)

    def cancel(self, uplink: Uplink, number: int) -> None:
        """The caller no longer waits."""
        call = uplink.calls.pop(number, None)
        if call is not None:
            self._abandon(call)

    def caller_lost(self, uplink: Uplink) -> None:
        """A control process is gone: what it has not got sent yet never is."""
        calls, uplink.calls = uplink.calls, {}
        for call in calls.values():
            self._abandon(call)

    def session_lost(self, session: Session, reason: str) -> None:
        """All calls of the host fail at once."""
        lost = [*(session.calls or {}).values(), *(session.queue or ())]
        session.calls = session.queue = session.current = None
        session.queue_bytes = 0
        for call in lost:
            self._finish(call, b"", f"its connection ended: {reason}")

    def tick(self, now: float) -> None:
        """Ends the calls whose time is up."""
        for call in self._deadlines.take(now):
            session = call.session
            self._figures.calls_timed_out += 1
            self._withdraw(call)
            self._finish(call, b"", "no answer in time" if call.sent else "its turn did not come in time")
            if session.current is call:
                self._next(session)

    def _abandon(self, call: HostCall) -> None:
        call.uplink = None
        if not call.sent:
            self._withdraw(call)
            self._deadlines.drop(call)

    def _withdraw(self, call: HostCall) -> None:
        """Takes the call out of its session's tables; a current in-sequence one stays current."""
        session = call.session
        if call.sent:
            if session.calls is not None and session.calls.pop(call.sequence, None) is not None and not session.calls:
                session.calls = None
        elif session.queue is not None and call in session.queue:
            session.queue.remove(call)
            session.queue_bytes -= len(call.payload)
            if not session.queue:
                session.queue = None

    def _send(self, call: HostCall) -> None:
        session = call.session
        try:
            message = server_request(
                call.payload,
                sequence=call.sequence,
                management_server_id=self.management_server_id,
                host_id=session.host_id,
                in_sequence=call.in_sequence,
                stop_on_error=call.stop_on_error,
            )
            self._edge.send(session, message)
        except ProtocolError as error:
            self._finish(call, b"", str(error))
            return
        call.payload = b""
        call.sent = True
        if session.calls is None:
            session.calls = {}
        session.calls[call.sequence] = call
        if call.in_sequence:
            session.current = call

    def _next(self, session: Session) -> None:
        """Sends the next queued in-sequence request; those that cannot be sent are answered so and skipped."""
        session.current = None
        while session.current is None and session.queue:
            call = session.queue.popleft()
            session.queue_bytes -= len(call.payload)
            self._send(call)
        if not session.queue:
            session.queue = None

    def _finish(self, call: HostCall, answers: bytes, error: str) -> None:
        self._deadlines.drop(call)
        uplink, call.uplink = call.uplink, None
        if uplink is not None:
            uplink.calls.pop(call.number, None)
            uplink.connection.send(CallDone(call.number, answers, error, call.sent))
