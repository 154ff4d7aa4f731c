"""What the edge counts, in Prometheus' words."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class RequestFigures:
    """Requests and seconds per command. Label objects are kept, since looking them up costs more than counting."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "lakh_api_request_seconds", "API requests by command", ["command"], buckets=_BUCKETS, registry=registry
        )
        self._errors = Counter(
            "lakh_api_errors", "API requests answered with an error", ["command", "status"], registry=registry
        )
        self._by_command: dict[str, Histogram] = {}

    def count(self, command: str, status: int, seconds: float) -> None:
        """Counts one answered request; `command` is a known command's name or `unknown`."""
        known = self._by_command.get(command)
        if known is None:
            known = self._by_command[command] = self._seconds.labels(command)
        known.observe(seconds)
        if status >= 400:
            self._errors.labels(command, str(status)).inc()
