"""A gateway's metrics: plain counters, turned into Prometheus names once a second."""

from __future__ import annotations

from collections import Counter


class Figures:
    """Counters of the process's life, and maxima since the last report."""

    __slots__ = (
        "accepts",
        "bytes_in",
        "bytes_out",
        "calls",
        "calls_late",
        "calls_timed_out",
        "discarded",
        "frames_in",
        "frames_out",
        "handshakes",
        "handshakes_failed",
        "loop_lag_seconds",
        "ping_lag_seconds",
        "pings",
        "power_reports",
        "queue_depth",
        "sessions_closed",
    )

    def __init__(self) -> None:
        self.accepts = self.handshakes = 0
        self.frames_in = self.frames_out = self.bytes_in = self.bytes_out = 0
        self.pings = self.power_reports = self.discarded = 0
        self.calls = self.calls_late = self.calls_timed_out = 0
        self.handshakes_failed: Counter[str] = Counter()
        self.sessions_closed: Counter[str] = Counter()
        self.loop_lag_seconds = self.ping_lag_seconds = 0.0
        self.queue_depth = 0

    def report(self) -> dict[str, float]:
        """Prometheus names (labels included) to values; starts new maxima."""
        values: dict[str, float] = {
            "lakh_gateway_accepts_total": self.accepts,
            "lakh_gateway_handshakes_total": self.handshakes,
            "lakh_gateway_frames_in_total": self.frames_in,
            "lakh_gateway_frames_out_total": self.frames_out,
            "lakh_gateway_bytes_in_total": self.bytes_in,
            "lakh_gateway_bytes_out_total": self.bytes_out,
            "lakh_gateway_pings_total": self.pings,
            "lakh_gateway_power_reports_total": self.power_reports,
            "lakh_gateway_discarded_frames_total": self.discarded,
            "lakh_gateway_calls_total": self.calls,
            "lakh_gateway_calls_timed_out_total": self.calls_timed_out,
            "lakh_gateway_late_answers_total": self.calls_late,
            "lakh_gateway_ping_lag_seconds": self.ping_lag_seconds,
            "lakh_gateway_loop_lag_seconds": self.loop_lag_seconds,
            "lakh_gateway_host_queue_depth": self.queue_depth,
        }
        for reason, count in self.handshakes_failed.items():
            values[f'lakh_gateway_handshakes_failed_total{{reason="{reason}"}}'] = count
        for reason, count in self.sessions_closed.items():
            values[f'lakh_gateway_sessions_closed_total{{reason="{reason}"}}'] = count
        self.loop_lag_seconds = self.ping_lag_seconds = 0.0
        self.queue_depth = 0
        return values
