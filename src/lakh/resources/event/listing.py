"""Which events a request means: filters that listing, archiving and deleting share."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.account.ownership import Scope, scope_of
from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.resources.command import Call
from lakh.resources.event.row import EventRow
from lakh.resources.held import Holding
from lakh.resources.listing import Listing
from lakh.resources.scanning import Scanned

_FILTERS = {
    "id": "id = $",
    "ids": "id = ANY($)",
    "type": "type = $",
    "level": "level = $",
    "state": "state = $",
    "startid": "start_id = $",
    "startdate": "created_ms >= $",
    "enddate": "created_ms <= $",
    "resourceid": "resource_uuid = $ AND resource_uuid IS NOT NULL",
    "resourcetype": "resource_type = $",
}
_KEYWORD = ("type", "description", "level")
EVENTS = Listing(
    EventRow,
    _FILTERS,
    keyword=_KEYWORD,
    order="id DESC",
    always="NOT archived",
    holds=Holding(
        EventRow,
        ("account_id", "domain_id", "type", "level", "state", "created_ms", "resource_type", "start_id"),
        always="NOT archived",
        says=("description", "resource_uuid"),
    ),
    by_index=("resourceid",),
    scans=Scanned(EventRow, "description", always="NOT archived", containing=("type", "level")),
)
ARCHIVED = Listing(EventRow, _FILTERS, keyword=_KEYWORD, order="id DESC", always="archived", name="archived_event")
AT_ONCE = 500
"""Events archived or deleted in one transaction."""


def chosen(ids: list[int], kind: str | None, start_ms: int | None, end_ms: int | None) -> dict[str, object]:
    """The filters of a request to archive or delete. Raises ParameterError when it would mean everything."""
    if not ids and not kind and end_ms is None:
        raise ParameterError("either ids, type or enddate must be specified")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise ParameterError("The startdate must not lie behind the enddate")
    return {"ids": ids or None, "type": kind or None, "startdate": start_ms, "enddate": end_ms}


async def own_scope(call: Call) -> Scope:
    """Whose events the caller may archive and delete: root all, a domain admin its domains', others their own."""
    admin = call.caller.is_root_admin or call.caller.account_type == DOMAIN_ADMIN
    return await scope_of(call, list_all=admin)
