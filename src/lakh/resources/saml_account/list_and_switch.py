"""listAndSwitchSamlAccount: accounts that one SAML login may switch between. None: the plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, Listed, SyncCommand


class SamlUserAccountView(View):
    OBJECT: ClassVar[str] = "samluseraccount"

    userId: str | None = None
    userName: str | None = None
    accountName: str | None = None
    domainId: str | None = None
    domainName: str | None = None
    domainPath: str | None = None
    idpId: str | None = None


class ListAndSwitchSamlAccount(
    SyncCommand, answer=SamlUserAccountView, roles=ADMIN, envelope="list", public=True, absent_plugin=True
):
    """Lists the accounts of a SAML login, or switches to one of them."""

    async def run(self, call: Call) -> Listed:
        return Listed(0, [])
