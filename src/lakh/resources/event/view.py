"""Events as the API shows them."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.event.row import BY_IDS, EventRow

State = Annotated[str, msgspec.Meta(extra={"type": "state"})]


class EventView(View):
    """`parentid` is the event that began what this one goes on with."""

    OBJECT: ClassVar[str] = "event"

    id: str | None = None
    username: str | None = None
    type: str | None = None
    level: str | None = None
    description: str | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    resourceid: str | None = None
    resourcetype: str | None = None
    created: ApiDate | None = None
    state: State | None = None
    parentid: str | None = None
    archived: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def event_views(cloud: Cloud, rows: list[EventRow]) -> list[EventView]:
    """The views of a page of events, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, {row.user_id for row in rows})
    started = sorted({row.start_id for row in rows if row.start_id is not None})
    parents = {row.id: row.uuid for row in await cloud.store.rows(BY_IDS, started)} if started else {}
    views = []
    for row in rows:
        owner = names.account(row.account_id)
        view = EventView(
            id=row.uuid,
            username=names.user(row.user_id).name,
            type=row.type,
            level=row.level,
            description=row.description,
            account=owner.name,
            domainid=owner.domain_uuid,
            domain=owner.domain_name,
            domainpath=owner.domain_path,
            resourceid=row.resource_uuid,
            resourcetype=row.resource_type,
            created=api_date(row.created_ms),
            state=row.state,
            parentid=parents.get(row.start_id or 0),
            archived=row.archived,
        )
        views.append(view)
    return views
