"""listIdps: SAML identity providers to log in through. None: the plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, Listed, SyncCommand


class IdpView(View):
    OBJECT: ClassVar[str] = "idp"

    id: str | None = None
    orgName: str | None = None
    orgUrl: str | None = None


class ListIdps(SyncCommand, answer=IdpView, roles=ADMIN, envelope="list", public=True, absent_plugin=True):
    """Lists SAML identity providers."""

    async def run(self, call: Call) -> Listed:
        return Listed(0, [])
