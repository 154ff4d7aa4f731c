"""Login sessions of this server, in memory of each of its control processes: idle time-out, a bound on their number,
and the session key's check.

A later call must show the key twice, as a cookie and as a parameter: the cookie alone travels with forged cross-site
requests (api-conventions, section 3). `api.sessionkey.check.locations` may ask for less. Tokens come from the operating
system's generator, not from the cloud's seeded one: nobody may predict them.
"""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

import msgspec

from lakh.base import limits
from lakh.base.clock import Clock

TOLD_SECONDS: Final = 60.0
"""So often other control processes hear that a session is in use."""
IDLE_SECONDS: Final = 1800
"""`timeout` of a login answer; an idle session ends after it."""
BOTH: Final = "CookieAndParameter"
PARAMETER_ONLY: Final = "ParameterOnly"
EITHER: Final = "CookieOrParameter"
"""Where the session key must be shown: values of `api.sessionkey.check.locations`."""


@dataclass(slots=True)
class Session:
    id: str
    key: str
    user_id: int
    used: float  # monotonic seconds
    told: float = 0.0  # when other control processes heard of its use


class _Change(msgspec.Struct, array_like=True):
    """A session that is in use; without a key, one that has ended."""

    id: str
    key: str
    user_id: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Change).decode


class Sessions:
    """The live sessions, least recently used first."""

    def __init__(self, clock: Clock, token: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._clock = clock
        self._token = token
        self._live: OrderedDict[str, Session] = OrderedDict()
        self.on_change: Callable[[bytes], None] | None = None
        """Called with what other control processes must know; `follow` takes it there."""

    def __len__(self) -> int:
        return len(self._live)

    def open(self, user_id: int) -> Session:
        """A new session of a user; the one idle for longest gives way at the bound."""
        self._drop_idle()
        while len(self._live) >= limits.SESSIONS:
            self._live.popitem(last=False)
        made = Session(
            self._token(16).hex().upper(),
            base64.urlsafe_b64encode(self._token(20)).decode().rstrip("="),
            user_id,
            self._clock.monotonic(),
        )
        self._live[made.id] = made
        self._tell(made)
        return made

    def find(self, session_id: str | None) -> Session | None:
        """The live session of that id; looking counts as use."""
        found = self._live.get(session_id) if session_id else None
        if found is None:
            return None
        now = self._clock.monotonic()
        if now - found.used > IDLE_SECONDS:
            del self._live[found.id]
            return None
        found.used = now
        self._live.move_to_end(found.id)
        if self.on_change is not None and now - found.told > TOLD_SECONDS:
            self._tell(found)
        return found

    def checked(
        self, session_id: str | None, cookie_key: str | None, parameter_key: str | None, locations: str = BOTH
    ) -> Session | None:
        """The session when the key was shown where `locations` asks for it; one shown with a wrong key ends.

        Where one of the two may be left out, a wrong one there is still wrong.
        """
        found = self.find(session_id)
        if found is None:
            return None
        needed = {PARAMETER_ONLY: (parameter_key,), EITHER: (cookie_key or parameter_key,)}.get(
            locations, (cookie_key, parameter_key)
        )
        shown = [key for key in (cookie_key, parameter_key) if key is not None]
        if all(needed) and all(_fits(found.key, key) for key in shown):
            return found
        self.close(found.id)
        return None

    def close(self, session_id: str | None) -> bool:
        """Ends a session; False when there was none."""
        if self.on_change is not None and session_id is not None and session_id in self._live:
            self.on_change(_encode(_Change(session_id, "", 0)))
        return self._live.pop(session_id or "", None) is not None

    # --- other control processes -------------------------------------------------------------------------------------
    def tell_all(self) -> None:
        """Tells of every live session: somebody is there who knows none."""
        for session in self._live.values():
            self._tell(session)

    def follow(self, change: bytes) -> None:
        """Takes what another control process told: a session that is used there, or has ended."""
        told = _decode(change)
        self._live.pop(told.id, None)
        if told.key:
            now = self._clock.monotonic()
            self._live[told.id] = Session(told.id, told.key, told.user_id, now, now)

    def _tell(self, session: Session) -> None:
        if self.on_change is not None:
            session.told = self._clock.monotonic()
            self.on_change(_encode(_Change(session.id, session.key, session.user_id)))

    def _drop_idle(self) -> None:
        limit = self._clock.monotonic() - IDLE_SECONDS
        while self._live:
            oldest = next(iter(self._live.values()))
            if oldest.used >= limit:
                return
            del self._live[oldest.id]


def _fits(key: str, given: str) -> bool:
    return compare_digest(key.encode(), given.encode())
