"""How many people look at consoles through each console proxy: its last report, kept in memory (addendum 3.4)."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud


class Viewers:
    """A part of the cloud. A proxy reports every few seconds, so nothing of it is stored."""

    def __init__(self, _: Cloud) -> None:
        self._sessions: dict[int, int] = {}

    def of(self, proxy_vm_id: int) -> int:
        return self._sessions.get(proxy_vm_id, 0)

    def set(self, proxy_vm_id: int, sessions: int) -> None:
        self._sessions[proxy_vm_id] = sessions

    def forget(self, proxy_vm_id: int) -> None:
        """The proxy is gone."""
        self._sessions.pop(proxy_vm_id, None)
