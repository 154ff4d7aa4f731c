"""A gateway's metrics: plain counters, turned into Prometheus names once a second."""

from __future__ import annotations

import resource
from collections import Counter
from typing import Final

HELP: Final = {
    "lakh_gateway_accepts_total": "Connections accepted",
    "lakh_gateway_attached_hosts": "Hosts whose session is here",
    "lakh_gateway_bytes_in_total": "Bytes read from agents",
    "lakh_gateway_bytes_out_total": "Bytes written to agents",
    "lakh_gateway_calls_timed_out_total": "Calls to hosts without an answer in time",
    "lakh_gateway_calls_total": "Calls to hosts",
    "lakh_gateway_connections": "Open connections, newcomers included",
    "lakh_gateway_discarded_frames_total": "Messages that nobody asked for",
    "lakh_gateway_frames_in_total": "Messages from agents",
    "lakh_gateway_frames_out_total": "Messages to agents",
    "lakh_gateway_handshake_seconds_total": "Time of the handshakes that ended well, from their place to the end",
    "lakh_gateway_handshakes_failed_total": "Connections that did not come to the end of their handshake, by reason",
    "lakh_gateway_handshakes_in_flight": "Handshakes under way or waiting for a place",
    "lakh_gateway_handshakes_total": "Handshakes that ended well",
    "lakh_gateway_hellos_waiting": "Connections without a whole first TLS record",
    "lakh_gateway_host_queue_depth": "Most in-sequence calls that waited for one host, in the last second",
    "lakh_gateway_late_answers_total": "Answers that nobody waited for any more",
    "lakh_gateway_listening": "1 while agents are taken in",
    "lakh_gateway_loop_lag_seconds": "Longest turn of the loop in the last second",
    "lakh_gateway_memory_bytes": "Private memory of the process",
    "lakh_gateway_memory_per_connection_bytes": "Private memory beyond that before the first connection, each",
    "lakh_gateway_ping_lag_seconds": "Latest ping of the last second, beyond its interval",
    "lakh_gateway_pings_total": "Pings answered",
    "lakh_gateway_power_reports_total": "Power reports that differed from the last one",
    "lakh_gateway_sessions_closed_total": "Sessions closed, by reason",
}
"""What each figure means, for /metrics."""

_PAGE_BYTES: Final = resource.getpagesize()


def private_memory_bytes() -> int:
    """Resident pages of this process that no file backs."""
    with open("/proc/self/statm", "rb") as file:
        _, resident, shared, *_ = file.read().split()
    return (int(resident) - int(shared)) * _PAGE_BYTES


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
        "handshake_seconds",
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
        self.handshake_seconds = 0.0
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
            "lakh_gateway_handshake_seconds_total": self.handshake_seconds,
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
