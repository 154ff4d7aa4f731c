"""A page of dedications: what the four lists share."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.resources.account.ownership import find_account
from lakh.resources.command import Call, Listed
from lakh.resources.dedication.places import place_of
from lakh.resources.dedication.row import DedicatedResourceRow
from lakh.resources.dedication.view import dedicated_views
from lakh.resources.listing import page_of


async def dedications(
    call: Call,
    kind: str,
    place_id: int | None,
    owner: tuple[str | None, int | None],
    group_id: int | None,
    keyword: str | None,
    window: tuple[int, int],
) -> Listed:
    """Of a kind: of this place, owner (account name, domain id) or group. `keyword` is part of the place's name."""
    account, domain_id = owner
    if account and domain_id is None:
        raise ParameterError("Account must be specified with domainid parameter")
    account_id = (await find_account(call, account, domain_id)).id if account and domain_id is not None else None
    rows = [
        row
        for row in await call.cloud.snapshots.of(DedicatedResourceRow)
        if row.kind == kind
        and place_id in (None, row.place_id)
        and domain_id in (None, row.domain_id)
        and account_id in (None, row.account_id)
        and group_id in (None, row.group_id)
    ]
    if keyword:
        names = [(await place_of(call.cloud, kind, row.place_id)).name.lower() for row in rows]
        rows = [row for row, name in zip(rows, names, strict=True) if keyword.lower() in name]
    count, page = page_of(rows, window)
    return Listed(count, list(await dedicated_views(call.cloud, page)))
