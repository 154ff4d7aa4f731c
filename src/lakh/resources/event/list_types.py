"""listEventTypes: every type that an event may have."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.kinds import event_types
from lakh.contract.view import View
from lakh.resources.command import Call, Listed, SyncCommand


class EventTypeView(View):
    OBJECT: ClassVar[str] = "eventtype"

    name: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListEventTypes(SyncCommand, answer=EventTypeView, envelope="list"):
    """Lists the types of events."""

    async def run(self, call: Call) -> Listed:
        return Listed(len(event_types()), [EventTypeView(name=name) for name in event_types()])
