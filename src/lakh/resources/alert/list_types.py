"""listAlertTypes: every type that an alert may have."""

from __future__ import annotations

from typing import ClassVar

from lakh.catalogue.kinds import alert_types
from lakh.contract.declaration import ADMIN
from lakh.contract.view import View
from lakh.resources.command import Call, Listed, SyncCommand


class AlertTypeView(View):
    OBJECT: ClassVar[str] = "alerttype"

    alerttypeid: int | None = None
    name: str | None = None
    repetitionallowed: bool | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class ListAlertTypes(SyncCommand, roles=ADMIN, answer=AlertTypeView, envelope="list"):
    """Lists the types of alerts. Ids are not unique; names are."""

    async def run(self, call: Call) -> Listed:
        views = [
            AlertTypeView(alerttypeid=kind.id, name=kind.name, repetitionallowed=kind.repeatable)
            for kind in alert_types()
        ]
        return Listed(len(views), list(views))
