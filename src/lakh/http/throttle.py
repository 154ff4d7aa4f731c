"""So many API calls of an account in so many seconds (`api.throttling.…`, off in a fresh installation).

A window begins with an account's first call and ends `api.throttling.interval` seconds later, whatever came within.
Root admins are never held up: they are who would have to lift the limit. Each control process counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakh.base.clock import Clock
from lakh.base.errors import ApiLimitError
from lakh.resources.command import Caller
from lakh.resources.configuration.values import Settings


@dataclass(slots=True)
class _Window:
    until: float  # monotonic seconds
    calls: int


class Throttle:
    """Calls by account. At `api.throttling.cachesize` accounts the window that began first is forgotten."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._windows: dict[int, _Window] = {}

    def count(self, caller: Caller) -> None:
        """Counts a call. Raises ApiLimitError when the account has made its calls of this window."""
        settings = self._settings
        if not settings.flag("api.throttling.enabled"):
            self._windows.clear()
            return
        if caller.is_root_admin:
            return
        now = self._clock.monotonic()
        window = self._windows.get(caller.account_id)
        if window is None or window.until <= now:
            window = self._open(caller.account_id, now)
        window.calls += 1
        allowed = settings.integer("api.throttling.max")
        if window.calls > allowed:
            raise ApiLimitError(
                f"Account {caller.account_name} has made its {allowed} API calls of"
                f" {settings.integer('api.throttling.interval')} seconds; please retry after"
                f" {int((window.until - now) * 1000) + 1} ms"
            )

    def _open(self, account_id: int, now: float) -> _Window:
        self._windows.pop(account_id, None)
        most = max(1, self._settings.integer("api.throttling.cachesize"))
        while len(self._windows) >= most:
            del self._windows[next(iter(self._windows))]
        made = self._windows[account_id] = _Window(now + self._settings.number("api.throttling.interval"), 0)
        return made
