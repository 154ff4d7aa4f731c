"""Domains as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from lakh.base.clock import api_date
from lakh.jobs.cloud import Cloud
from lakh.resources.domain.row import DomainRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.limit.owned import OwnedCounts, Owners
from lakh.resources.limit.row import DOMAIN


class DomainView(OwnedCounts):
    OBJECT: ClassVar[str] = "domain"

    id: str | None = None
    name: str | None = None
    level: int | None = None
    parentdomainid: str | None = None
    parentdomainname: str | None = None
    haschild: bool | None = None
    networkdomain: str | None = None
    path: str | None = None
    state: str | None = None
    created: str | None = None


async def domain_views(cloud: Cloud, rows: Sequence[DomainRow], *, counts: bool = True) -> list[DomainView]:
    """The views of a page of domains; without `counts` the statement for what they own is spared."""
    tree = await cloud.part(DomainTree).current()
    owners = await Owners.read(cloud, DOMAIN, [row.id for row in rows]) if counts and rows else None
    views = []
    for row in rows:
        parent = tree.rows.get(row.parent_id) if row.parent_id is not None else None
        views.append(
            DomainView(
                **(owners.fields(row.id) if owners else {}),
                id=row.uuid,
                name=row.name,
                level=row.level,
                parentdomainid=parent.uuid if parent else None,
                parentdomainname=parent.name if parent else None,
                haschild=bool(tree.children(row.id)),
                networkdomain=row.network_domain,
                path=tree.name_path(row.id),
                state=row.state,
                created=api_date(row.created_ms),
            )
        )
    return views


async def domain_view(cloud: Cloud, row: DomainRow) -> DomainView:
    """The view of one domain."""
    return (await domain_views(cloud, [row]))[0]
