"""updateConfiguration: another value for a setting, globally or in one scope."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.setting_value import check
from lakh.contract.declaration import ADMIN_AND_DOMAIN, param
from lakh.contract.types import Id
from lakh.resources.cluster.overcommit import CPU, MEMORY, follow_overcommit
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.configuration.row import DELETE, INSERT, ConfigurationRow
from lakh.resources.configuration.scope import GLOBAL, asked_scope, chain, fits, in_force, named
from lakh.resources.configuration.values import Settings
from lakh.resources.configuration.view import HIDDEN_VALUE, ConfigurationView, configuration_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec


class UpdateConfiguration(
    SyncCommand, roles=ADMIN_AND_DOMAIN, answer=ConfigurationView, event="CONFIGURATION.VALUE.EDIT"
):
    """Updates a setting. Without a value nothing changes; an empty one clears it."""

    name: str = param("the setting", required=True)
    value: str | None = param("its new value", max_length=4096)
    zoneid: Id | None = param("the zone it is for", entity="zone")
    clusterid: Id | None = param("the cluster it is for", entity="cluster")
    storageid: Id | None = param("the primary storage pool it is for", entity="storage_pool")
    accountid: Id | None = param("the account it is for", entity="account")
    domainid: Id | None = param("the domain it is for", entity="domain")
    imagestoreuuid: Id | None = param(
        "the image store it is for", entity="image_store", validations=("PositiveNumber",)
    )
    managementserverid: Id | None = param("the management server it is for", entity="management_server", since="4.23.0")

    async def run(self, call: Call) -> ConfigurationView:
        cloud, setting = call.cloud, named(self.name)
        settings = cloud.part(Settings)
        scope = await asked_scope(call, self)
        if not fits(setting, scope, settings):
            raise ParameterError(
                f"Setting {setting.name} cannot be set per {scope[0]}; its scopes: {', '.join(setting.scopes)}"
            )
        if self.value is not None:
            value = check(setting, self.value)
            if value is None and setting.type == "String" and scope == GLOBAL:
                value = ""
            txn = TxnSpec("updateConfiguration")
            if value is None:
                txn.add(DELETE, setting.name, *scope, expect=None)
            else:
                row = ConfigurationRow(cloud.id("configuration"), setting.name, *scope, value, cloud.now_ms())
                txn.put(INSERT, row)
            shown = HIDDEN_VALUE if setting.secured else value
            text = (
                f"Setting {setting.name} set to {shown!r}" if value is not None else f"Setting {setting.name} cleared"
            )
            txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text))
            await cloud.store.submit(txn)
            await settings.refresh()
            if setting.name in (CPU, MEMORY):
                await follow_overcommit(cloud)
        return configuration_view(setting, in_force(setting, settings, await chain(cloud, scope)), scope)
