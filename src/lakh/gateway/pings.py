"""Pings: answered here, from memory; control hears what changed, and once a second who pinged (agent-protocol 3.4).

A power report goes on when it differs from the last one sent on its session, or is out of band. A host whose pings stop
is reported once, and once more when it is heard of again. Both are found by the wheel, not by a timer per host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from lakh.bus.messages import GatewaySettings, PingBehind, Pinged, PingSeen, PowerReport, RulesetReport
from lakh.gateway.figures import Figures
from lakh.gateway.session import ATTACHED, Session
from lakh.gateway.wheel import Wheel
from lakh.wire.frame import server_response
from lakh.wire.header import Header
from lakh.wire.ping import Ping, ping_answer, power_states, read_ping, ruleset_sequences


class Sender(Protocol):
    def send(self, session: Session, message: bytes) -> None: ...


class Pings:
    """`tell` passes a message to the owner of liveness and is False when there is none."""

    def __init__(
        self, edge: Sender, wheel: Wheel[Session], figures: Figures, tell: Callable[[msgspec.Struct], bool]
    ) -> None:
        self._edge = edge
        self._wheel = wheel
        self._figures = figures
        self._tell = tell
        self._behind: list[int] = []
        self._seen: list[int] = []
        self._pinged: set[int] = set()
        self._interval_seconds = 60
        self._patience_seconds = 150.0
        self._avoid_servers: tuple[str, ...] = ()
        self._management_server_id = -1

    def configure(self, settings: GatewaySettings, attached: Iterable[Session]) -> None:
        """Takes new settings; a new ping timeout holds for the hosts already attached as well."""
        self._interval_seconds = settings.ping_interval_seconds
        self._avoid_servers = settings.avoid_servers
        self._management_server_id = settings.management_server_id
        patience = settings.ping_interval_seconds * settings.ping_timeout_multiplier
        if patience != self._patience_seconds:
            self._patience_seconds = patience
            for session in attached:
                if not session.is_behind:
                    self._wheel.file(session, session.heard + patience)

    def attached(self, session: Session, now: float) -> None:
        """A session was attached: its silence counts from now."""
        session.heard = now
        self._pinged.add(session.host_id)
        session.is_behind = False
        session.report_mark = session.rulesets_mark = 0
        self._wheel.file(session, now + self._patience_seconds)

    def ping(self, session: Session, header: Header, body: msgspec.Raw, now: float) -> None:
        """Answers, and passes on what is new. Raises ProtocolError on a ping that cannot be read."""
        ping = read_ping(body)
        self._figures.pings += 1
        is_attached = session.stage == ATTACHED
        send_startup = is_attached and not session.is_up and ping.gateway_accessible
        answer = ping_answer(body, send_startup=send_startup, avoid_servers=self._avoid_servers)
        response = server_response(header, answer, management_server_id=self._management_server_id, via=session.host_id)
        self._edge.send(session, response)
        if is_attached:
            self._heard(session, now)
            self._report(session, ping)

    def check(self, session: Session, now: float) -> None:
        """The wheel brought up an attached session: it is behind, or was heard of meanwhile."""
        until = session.heard + self._patience_seconds
        if until > now:
            self._wheel.file(session, until)
        elif not session.is_behind:
            session.is_behind = True
            self._behind.append(session.host_id)

    def flush(self) -> None:
        """Tells what the last second brought, in one message each."""
        if self._behind:
            self._tell(PingBehind(tuple(self._behind)))
            self._behind.clear()
        if self._seen:
            self._tell(PingSeen(tuple(self._seen)))
            self._seen.clear()
        if self._pinged:
            self._tell(Pinged(tuple(self._pinged)))
            self._pinged.clear()

    def forget(self, attached: Iterable[Session]) -> None:
        """A control process that knows nothing has taken over: tell it who is behind, and all reports again."""
        self._seen.clear()
        self._behind = []
        for session in attached:
            session.report_mark = session.rulesets_mark = 0
            if session.is_behind:
                self._behind.append(session.host_id)

    def _heard(self, session: Session, now: float) -> None:
        lag = now - session.heard - self._interval_seconds
        self._figures.ping_lag_seconds = max(self._figures.ping_lag_seconds, lag)
        session.heard = now
        self._pinged.add(session.host_id)
        if session.is_behind:
            session.is_behind = False
            self._seen.append(session.host_id)
            self._wheel.file(session, now + self._patience_seconds)

    def _report(self, session: Session, ping: Ping) -> None:
        if ping.report is not None:
            mark = hash((ping.report, ping.gateway_accessible)) or 1
            if ping.out_of_band or mark != session.report_mark:
                report = PowerReport(
                    session.host_id, power_states(ping.report), ping.out_of_band, ping.gateway_accessible
                )
                if self._tell(report):
                    session.report_mark = mark
                    self._figures.power_reports += 1
        if ping.rulesets is not None:
            mark = hash(ping.rulesets) or 1
            if mark != session.rulesets_mark and self._tell(
                RulesetReport(session.host_id, ruleset_sequences(ping.rulesets))
            ):
                session.rulesets_mark = mark
