"""listEvents: what happened, the newest first."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Date, Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.event.listing import ARCHIVED, EVENTS
from lakh.resources.event.view import EventView, event_views


class ListEvents(OwnedListCommand, answer=EventView):
    """Lists events, the newest first."""

    id: Id | None = param("this event", entity="event")
    type: str | None = param("events of this type, such as VM.CREATE")
    level: str | None = param("INFO, WARN or ERROR")
    state: str | None = param("Created, Scheduled, Started or Completed", since="4.21.0")
    startdate: Date | None = param("events since then")
    enddate: Date | None = param("events until then")
    startid: Id | None = param("events that go on with what this one began", entity="event")
    resourceid: str | None = param("events about this object; with resourcetype", since="4.17.0")
    resourcetype: str | None = param("the type of that object, such as VirtualMachine", since="4.17.0")
    archived: bool = param("the archived events, and no others", default=False, since="4.19.0")

    async def run(self, call: Call) -> Listed:
        if bool(self.resourceid) != bool(self.resourcetype):
            raise ParameterError("Give resourceid and resourcetype together, or neither of them")
        window = self.window()
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {
            "id": self.id,
            "type": self.type,
            "level": self.level.upper() if self.level else None,
            "state": self.state.capitalize() if self.state else None,
            "startdate": self.startdate,
            "enddate": self.enddate,
            "startid": self.startid,
            "resourceid": self.resourceid.lower() if self.resourceid else None,
            "resourcetype": self.resourcetype or None,
        }
        listing = ARCHIVED if self.archived else EVENTS
        count, rows = await listing.page(call.cloud, scope, filters, self.keyword, window)
        return Listed(count, list(await event_views(call.cloud, rows)))
