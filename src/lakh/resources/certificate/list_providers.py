"""listCAProviders: who issues certificates here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import ADMIN, param
from lakh.contract.view import View
from lakh.resources.certificate.enrolment import PROVIDER
from lakh.resources.command import Call, Listed, SyncCommand


class CAProviderView(View):
    OBJECT: ClassVar[str] = "caprovider"

    name: str | None = None
    description: str | None = None


class ListCAProviders(SyncCommand, roles=ADMIN, answer=CAProviderView, envelope="list", since="4.11.0"):
    """Lists the certificate authorities that can be used."""

    name: str | None = param("the provider of this name")

    async def run(self, call: Call) -> Listed:
        own = CAProviderView(name=PROVIDER, description="The installation's own root authority")
        found = [own] if not self.name or self.name.lower() == PROVIDER else []
        return Listed(len(found), list(found))
