"""Hosts that were lost: since when, and how. Memory of this process; a restart begins to count anew.

A lost link says nothing about a host: its agent comes back within seconds (agent-protocol 3.9). So its status stays and
it takes no new instances, until the host liveness reconciler knows more or has waited `alert.wait`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lakh.jobs.cloud import Cloud

SHUTDOWN: Final = "shutdown"
"""The agent said that it stops (agent-protocol 3.6)."""
PING_TIMEOUT: Final = "ping-timeout"
RESTART: Final = "restart"
"""Its gateway is being restarted in order: the agent will connect to another one."""


@dataclass(slots=True)
class Absence:
    """`since` and `asked` are monotonic seconds; `told`: an event has been written of it."""

    reason: str
    since: float
    asked: float | None = None
    told: bool = False


class Absences:
    """A part of the cloud: `cloud.part(Absences)`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.of: dict[int, Absence] = {}

    def note(self, host_ids: Iterable[int], reason: str, since: float | None = None) -> None:
        """Hosts are away, or silent, since then or now. What is known already keeps its time; a shutdown is news."""
        now = self._cloud.clock.monotonic() if since is None else since
        for host_id in host_ids:
            known = self.of.get(host_id)
            if known is None:
                self.of[host_id] = Absence(reason, now)
            elif reason == SHUTDOWN:
                known.reason = reason

    def heard(self, host_ids: Iterable[int]) -> None:
        """Hosts are heard of again."""
        for host_id in host_ids:
            self.of.pop(host_id, None)
