"""listConfigurations: settings with the values in force, globally or in one scope."""

from __future__ import annotations

from lakh.catalogue.settings import Setting
from lakh.catalogue.settings import settings as catalogue
from lakh.contract.declaration import ADMIN_AND_DOMAIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.configuration.scope import asked_scope, chain, fits, in_force
from lakh.resources.configuration.values import Settings
from lakh.resources.configuration.view import ConfigurationView, configuration_view


class ListConfigurations(ListCommand, roles=ADMIN_AND_DOMAIN, answer=ConfigurationView):
    """Lists settings. With a scope's id: those that may be overridden there, with the values in force there."""

    name: str | None = param("the setting of exactly this name")
    category: str | None = param("settings of this category")
    group: str | None = param("settings of this group", since="4.18.0")
    subgroup: str | None = param("settings of this subgroup", since="4.18.0")
    parent: str | None = param("settings that depend on this one", since="4.18.0")
    zoneid: Id | None = param("settings of this zone", entity="zone")
    clusterid: Id | None = param("settings of this cluster", entity="cluster")
    storageid: Id | None = param("settings of this primary storage pool", entity="storage_pool")
    accountid: Id | None = param("settings of this account", entity="account")
    domainid: Id | None = param("settings of this domain", entity="domain")
    imagestoreuuid: Id | None = param("settings of this image store", entity="image_store")
    managementserverid: Id | None = param(
        "settings of this management server", entity="management_server", since="4.23.0"
    )

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        settings = call.cloud.part(Settings)
        scope = await asked_scope(call, self)
        scopes = await chain(call.cloud, scope)
        found = [
            setting
            for setting in catalogue().values()
            if self._matches(setting, settings) and fits(setting, scope, settings)
        ]
        page = found[offset : offset + limit]
        return Listed(len(found), [configuration_view(s, in_force(s, settings, scopes), scope) for s in page])

    def _matches(self, setting: Setting, settings: Settings) -> bool:
        return (
            setting.registered
            and not setting.build
            and setting.category != "Hidden"
            and (self.name is None or setting.name == self.name)
            and (self.category is None or setting.category == self.category)
            and (self.group is None or setting.group == self.group)
            and (self.subgroup is None or setting.subgroup == self.subgroup)
            and (self.parent is None or setting.parent == self.parent)
            and (self.keyword is None or self._holds_keyword(setting, settings))
        )

    def _holds_keyword(self, setting: Setting, settings: Settings) -> bool:
        value = "" if setting.secured else settings.text(setting.name)
        words = (setting.name, setting.category, setting.component, setting.displaytext, value)
        return any((self.keyword or "").lower() in word.lower() for word in words)
