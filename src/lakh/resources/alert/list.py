"""listAlerts: what an operator must know, the newest first."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import ApiDate, Integer, View
from lakh.resources.account.ownership import EVERYBODY
from lakh.resources.alert.listing import ALERTS, type_number
from lakh.resources.command import Call, ListCommand, Listed

Short = Annotated[int, msgspec.Meta(extra={"type": "short"})]


class AlertView(View):
    OBJECT: ClassVar[str] = "alert"

    id: str | None = None
    type: Short | None = None
    name: str | None = None
    description: str | None = None
    sent: ApiDate | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


class ListAlerts(ListCommand, roles=("Admin", "ResourceAdmin"), answer=AlertView):
    """Lists all alerts."""

    id: Id | None = param("this alert", entity="alert")
    type: str | None = param("alerts of this type, by its number")
    name: str | None = param("alerts of this name, such as ALERT.COMPUTE.HOST", since="4.3")

    async def run(self, call: Call) -> Listed:
        filters = {"id": self.id, "type": type_number(self.type), "name": self.name}
        count, rows = await ALERTS.page(call.cloud, EVERYBODY, filters, self.keyword, self.window())
        views = [
            AlertView(id=row.uuid, type=row.type, name=row.name, description=row.subject, sent=api_date(row.sent_ms))
            for row in rows
        ]
        return Listed(count, list(views))
