"""listOauthProvider: OAuth providers to log in through. None: the plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed


class OauthProviderView(View):
    OBJECT: ClassVar[str] = "oauthprovider"

    id: str | None = None
    name: str | None = None
    provider: str | None = None
    enabled: bool | None = None


class ListOauthProvider(ListCommand, answer=OauthProviderView, since="4.19.0", public=True, absent_plugin=True):
    """Lists OAuth providers."""

    provider: str | None = param("the provider of this name")

    async def run(self, call: Call) -> Listed:
        self.window()
        return Listed(0, [])
