"""Tags as answers show them, by themselves and within what they are on."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.tag.row import OF_RESOURCES, TagRow


class TagView(View, kw_only=True):
    """One tag."""

    key: str
    value: str
    resourcetype: str
    resourceid: str
    account: str | None = None
    projectid: str | None = None
    project: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    customer: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "tag"


async def tag_views(cloud: Cloud, rows: Sequence[TagRow]) -> list[TagView]:
    """The views of these rows, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    return [_view(row, names) for row in rows]


def _view(row: TagRow, names: AccountNames) -> TagView:
    owner = names.account(row.account_id)
    return TagView(
        key=row.tag_key,
        value=row.tag_value,
        resourcetype=row.resource_type,
        resourceid=row.resource_uuid,
        account=owner.name,
        domainid=owner.domain_uuid,
        domain=owner.domain_name,
        domainpath=owner.domain_path,
        customer=row.customer,
    )


async def tags_of(cloud: Cloud, resource_type: str, ids: Sequence[int]) -> dict[int, list[TagView]]:
    """The tags of a page of things: row id to views, for those that have any."""
    rows = await cloud.store.rows(OF_RESOURCES, resource_type, list(ids))
    found: dict[int, list[TagView]] = {}
    for row, view in zip(rows, await tag_views(cloud, rows), strict=True):
        found.setdefault(row.resource_id, []).append(view)
    return found
