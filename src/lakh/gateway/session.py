"""One agent's connection. There are 100,000 of them: slots only, and nothing that an idle one does not need."""

from __future__ import annotations

import socket
from collections import deque
from typing import TYPE_CHECKING, Final

from lakh.wire.tls import TlsLink

if TYPE_CHECKING:
    from lakh.bus.messages import AgentStartup
    from lakh.gateway.calls import HostCall

# The stages of a connection, in order. Plain integers: they are compared several times per message.
HELLO: Final = 0  # accepted; its first TLS record has not arrived whole: costs a descriptor, no TLS state
HANDSHAKE: Final = 1  # counted against HANDSHAKES_IN_FLIGHT
STARTUP: Final = 2  # encrypted; nothing but a Startup is listened to
PENDING: Final = 3  # Startup answered; a control process decides
ATTACHED: Final = 4  # calls reach it
LEAVING: Final = 5  # told something last; closes when that is sent and the peer has gone
CLOSED: Final = 6


class Session:
    """What the gateway knows of one connection. `number` is unique within the process; -1 until TLS is established."""

    __slots__ = (
        "calls",
        "close_reason",
        "current",
        "due",
        "fd",
        "heard",
        "hello",
        "host_id",
        "is_behind",
        "is_up",
        "next_sequence",
        "number",
        "out",
        "queue",
        "queue_bytes",
        "report_mark",
        "rulesets_mark",
        "sock",
        "stage",
        "startup",
        "startup_told",
        "tls",
    )

    def __init__(self, sock: socket.socket, now: float) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.stage = HELLO
        self.number = -1
        self.host_id = -1
        self.tls: TlsLink | None = None
        self.hello: bytes | None = None  # the first bytes of the handshake, until they make a record
        self.out: bytearray | None = None  # bytes that the socket did not take yet
        self.close_reason = ""
        self.due = -1  # see Wheel
        self.heard = now  # monotonic seconds of the last ping or attach
        self.startup: AgentStartup | None = None  # kept until the host is up, so that another control process can go on
        self.startup_told = -1.0  # monotonic seconds when the last Startup was passed on
        self.is_up = False
        self.is_behind = False
        self.report_mark = 0  # hash of the last power report passed on, 0 before the first
        self.rulesets_mark = 0
        self.next_sequence = 0
        self.calls: dict[int, HostCall] | None = None  # sent and not answered, by sequence
        self.queue: deque[HostCall] | None = None  # in-sequence calls behind the current one
        self.queue_bytes = 0
        self.current: HostCall | None = None  # the one outstanding in-sequence call

    def peer(self) -> str:
        """The agent's address, or the empty text when the connection is already gone."""
        try:
            return str(self.sock.getpeername()[0])
        except OSError:
            return ""
