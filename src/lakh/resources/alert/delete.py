"""deleteAlerts: some alerts, by ids, type or time."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Date, Ids
from lakh.resources.account.ownership import EVERYBODY
from lakh.resources.alert.listing import ALERTS, AT_ONCE, chosen
from lakh.resources.alert.row import DELETE
from lakh.resources.command import Call, SyncCommand
from lakh.store.statement import TxnSpec


class DeleteAlerts(SyncCommand, roles=ADMIN):
    """Deletes one or more alerts: those of ids, or all of a type or time."""

    ids: Ids = param("these alerts", entity="alert")
    type: str | None = param("alerts of this type, by its number")
    startdate: Date | None = param("alerts since then; with enddate")
    enddate: Date | None = param("alerts until then")

    async def run(self, call: Call) -> None:
        filters = chosen(self.ids, self.type, self.startdate, self.enddate)
        count, rows = await ALERTS.page(call.cloud, EVERYBODY, filters, window=(0, AT_ONCE))
        if self.ids and count < len(set(self.ids)):
            raise ParameterError("Unable to delete alerts: one or more of ids has been deleted already")
        while rows:
            ids = [row.id for row in rows]
            await call.cloud.store.submit(TxnSpec("deleteAlerts").add(DELETE, ids, expect=None))
            _, rows = await ALERTS.page(call.cloud, EVERYBODY, filters, window=(0, AT_ONCE))
