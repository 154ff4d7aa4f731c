"""listHostTags: the tags that hosts have."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import Integer, View
from lakh.resources.account.ownership import EVERYBODY
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.host.row import HostTagRow
from lakh.resources.listing import Listing

TAGS = Listing(HostTagRow, {}, keyword=("tag",), always="")


class HostTagView(View):
    """`hostid` is the host's number, not its uuid."""

    OBJECT: ClassVar[str] = "hosttag"

    id: str | None = None
    hostid: int | None = None
    name: str | None = None
    isimplicit: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


class ListHostTags(ListCommand, roles=("Admin", "ResourceAdmin", "DomainAdmin"), answer=HostTagView):
    """Lists host tags"""

    async def run(self, call: Call) -> Listed:
        count, rows = await TAGS.page(call.cloud, EVERYBODY, {}, self.keyword, self.window())
        views = [HostTagView(id=str(row.id), hostid=row.host_id, name=row.tag, isimplicit=row.implicit) for row in rows]
        return Listed(count, list(views))
