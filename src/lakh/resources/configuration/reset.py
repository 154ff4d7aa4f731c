"""resetConfiguration: a setting back to its default, or in one scope back to what holds around it."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.settings import fresh_value
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.cluster.overcommit import CPU, MEMORY, follow_overcommit
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.configuration.row import DELETE, INSERT, ConfigurationRow
from lakh.resources.configuration.scope import GLOBAL, asked_scope, chain, fits, in_force, named
from lakh.resources.configuration.values import Settings
from lakh.resources.configuration.view import ConfigurationView, configuration_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec


class ResetConfiguration(
    SyncCommand, roles=ADMIN, answer=ConfigurationView, event="CONFIGURATION.VALUE.EDIT", since="4.16.0"
):
    """Resets a setting."""

    name: str = param("the setting", required=True, validations=("NotNullOrEmpty",))
    zoneid: Id | None = param("the zone it is reset for", entity="zone")
    clusterid: Id | None = param("the cluster it is reset for", entity="cluster")
    storageid: Id | None = param("the primary storage pool it is reset for", entity="storage_pool")
    accountid: Id | None = param("the account it is reset for", entity="account")
    domainid: Id | None = param("the domain it is reset for", entity="domain")
    imagestoreid: Id | None = param("the image store it is reset for", entity="image_store")
    managementserverid: Id | None = param(
        "the management server it is reset for", entity="management_server", since="4.23.0"
    )

    async def run(self, call: Call) -> ConfigurationView:
        cloud, setting = call.cloud, named(self.name)
        settings = cloud.part(Settings)
        scope = await asked_scope(call, self)
        if not fits(setting, scope, settings):
            raise ParameterError(
                f"Setting {setting.name} cannot be set per {scope[0]}; its scopes: {', '.join(setting.scopes)}"
            )
        txn = TxnSpec("resetConfiguration")
        if scope == GLOBAL and setting.default is not None and fresh_value(setting.name) != setting.default:
            # A fresh installation differs from the default here, so that the default itself is an override.
            row = ConfigurationRow(cloud.id("configuration"), setting.name, *scope, setting.default, cloud.now_ms())
            txn.put(INSERT, row)
        else:
            txn.add(DELETE, setting.name, *scope, expect=None)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Setting {setting.name} reset"))
        await cloud.store.submit(txn)
        await settings.refresh()
        if setting.name in (CPU, MEMORY):
            await follow_overcommit(cloud)
        return configuration_view(setting, in_force(setting, settings, await chain(cloud, scope)), scope)
