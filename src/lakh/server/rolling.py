"""Restarting all gateways, one after another: each parts with its agents in order, and the next one waits until its
successor listens and the agents are back.

So never more than one gateway's room is missing, which is the one that may be lost anyway, and never more than one
gateway's agents are away, however slowly they come back. Agents that do not come back at all are waited for within a
bound. Where a new gateway does not come up the others are left as they are.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Sequence

from lakh.base import limits
from lakh.base.log import logger
from lakh.server.child import Child

log = logger(__name__)


class Rolling:
    """Call `begin`, then `go_on` again and again; `listens` when a gateway says that it does, `connected` when control
    says how many hosts are."""

    def __init__(self) -> None:
        self._due: deque[Child] = deque()
        self._current: Child | None = None
        self._pid = 0
        self._since = 0.0
        self._killed = False
        self._next_at = 0.0
        self._at_the_latest = 0.0
        self._hosts = 0  # connected now
        self._hosts_before = 0  # when the last gateway began to part with its own

    @property
    def is_under_way(self) -> bool:
        return self._current is not None or bool(self._due)

    def begin(self, gateways: Sequence[Child]) -> None:
        """Wants all of them restarted; those that are on the list already are not put there twice."""
        self._due.extend(gateway for gateway in gateways if gateway not in self._due and gateway is not self._current)

    def go_on(self, now: float) -> None:
        """Does what is due. Seconds are monotonic."""
        if self._current is None:
            if self._due and now >= self._next_at and (self._all_are_back() or now >= self._at_the_latest):
                self._restart(self._due.popleft(), now)
            return
        process = self._current.process
        if process is not None and process.pid == self._pid:
            if now - self._since > limits.GATEWAY_RESTART_SECONDS and not self._killed:
                log.warning("gateway does not end", name=self._current.name)
                self._killed = True
                self._current.renew(signal.SIGKILL)
        elif now - self._since > limits.GATEWAY_RESTART_SECONDS + limits.GATEWAY_LISTEN_SECONDS:
            log.error("gateway does not come up again; the others are not restarted", name=self._current.name)
            self._current = None
            self._due.clear()

    def listens(self, gateway: Child, now: float) -> None:
        """A gateway has begun to listen."""
        if gateway is not self._current or gateway.process is None or gateway.process.pid == self._pid:
            return
        self._current = None
        self._next_at = now + limits.GATEWAY_RESTART_PAUSE_SECONDS
        self._at_the_latest = now + limits.GATEWAY_RETURN_SECONDS
        log.info("gateway restarted", name=gateway.name, seconds=round(now - self._since, 1), left=len(self._due))

    def connected(self, hosts: int) -> None:
        """So many hosts are connected now."""
        self._hosts = hosts

    def _all_are_back(self) -> bool:
        return self._hosts >= self._hosts_before * (1 - limits.GATEWAY_RETURN_SHARE)

    def _restart(self, gateway: Child, now: float) -> None:
        if gateway.process is None:
            return  # it has just ended, and starts anew by itself
        log.info("gateway restarts", name=gateway.name)
        self._current, self._pid, self._since, self._killed = gateway, gateway.process.pid, now, False
        self._hosts_before = self._hosts
        gateway.renew(signal.SIGHUP)
