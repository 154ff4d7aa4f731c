"""The shape of login, logout and their kind: they run before anybody is known, and they set cookies."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakh.contract.declaration import Declaration
from lakh.contract.view import View
from lakh.http.authentication import Identities
from lakh.http.message import Request
from lakh.http.sessions import Sessions
from lakh.jobs.cloud import Cloud


@dataclass(slots=True)
class Exchange:
    """One authentication request: `parameters` are raw, with exact case; `headers` go into the answer."""

    cloud: Cloud
    sessions: Sessions
    identities: Identities
    request: Request
    parameters: dict[str, str]
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class AuthenticationCommand(Declaration, abstract=True):
    """Runs before the caller is known; matched without regard to case."""

    async def authenticate(self, exchange: Exchange) -> View:
        """Answers; sets cookies through `exchange.headers`, which are sent with errors too."""
        raise NotImplementedError
