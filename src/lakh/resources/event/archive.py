"""archiveEvents: some events, by ids, type or time."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Date, Ids
from lakh.resources.command import Call, SyncCommand
from lakh.resources.event.listing import AT_ONCE, EVENTS, chosen, own_scope
from lakh.resources.event.row import ARCHIVE
from lakh.store.statement import TxnSpec


class ArchiveEvents(SyncCommand):
    """Archives one or more events: those of ids, or all of a type or time."""

    ids: Ids = param("these events", entity="event")
    type: str | None = param("events of this type")
    startdate: Date | None = param("events since then; with enddate")
    enddate: Date | None = param("events until then")

    async def run(self, call: Call) -> None:
        filters = chosen(self.ids, self.type, self.startdate, self.enddate)
        scope = await own_scope(call)
        count, rows = await EVENTS.page(call.cloud, scope, filters, window=(0, AT_ONCE))
        if self.ids and count < len(set(self.ids)):
            raise ParameterError(
                "Unable to archive events: one or more of ids has been archived already, or is not yours"
            )
        while rows:
            ids = [row.id for row in rows]
            await call.cloud.store.submit(TxnSpec("archiveEvents").add(ARCHIVE, ids, expect=None))
            _, rows = await EVENTS.page(call.cloud, scope, filters, window=(0, AT_ONCE))
