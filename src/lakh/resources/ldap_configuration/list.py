"""listLdapConfigurations: directories that users log in through. None: the plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import View
from lakh.resources.command import Call, ListCommand, Listed


class LdapConfigurationView(View):
    OBJECT: ClassVar[str] = "LdapConfiguration"

    id: str | None = None
    hostname: str | None = None
    port: int | None = None
    domainid: str | None = None


class ListLdapConfigurations(
    ListCommand, answer=LdapConfigurationView, response="ldapconfigurationresponse", since="4.2.0", absent_plugin=True
):
    """Lists LDAP configurations."""

    domainid: Id | None = param("the configurations of this domain", entity="domain")
    hostname: str | None = param("the configurations of this directory host")
    port: int | None = param("the configurations of this port")
    listall: bool = param("those of all domains below too", default=False, since="4.13.2")

    async def run(self, call: Call) -> Listed:
        self.window()
        return Listed(0, [])
