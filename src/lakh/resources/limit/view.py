"""Limits and counts of accounts and domains as the API shows them."""

from __future__ import annotations

from typing import Any

from lakh.contract.view import View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import PROJECT, AccountRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.limit.row import TYPES


class ResourceLimitView(View, kw_only=True):
    """One limit; `max` in the API's units, -1 is unlimited."""

    account: str | None = None
    domain: str
    domainid: str
    domainpath: str | None = None
    project: str | None = None
    projectid: str | None = None
    resourcetype: str
    resourcetypename: str
    max: int
    tag: str | None = None

    OBJECT = "resourcelimit"


class ResourceCountView(View, kw_only=True):
    """One count; storage in bytes, memory in MiB."""

    account: str | None = None
    domain: str
    domainid: str
    domainpath: str | None = None
    project: str | None = None
    projectid: str | None = None
    resourcetype: str
    resourcetypename: str
    resourcecount: int
    tag: str | None = None

    OBJECT = "resourcecount"


async def owner_fields(cloud: Cloud, account: AccountRow | None, domain_id: int) -> dict[str, Any]:
    """Who owns it: the account (or project) and its domain, or the domain alone."""
    tree = await cloud.part(DomainTree).current()
    domain = tree.rows[domain_id]
    fields = {"domain": domain.name, "domainid": domain.uuid, "domainpath": tree.name_path(domain_id)}
    if account is not None:
        fields["project" if account.type == PROJECT else "account"] = account.name
    return fields


def type_fields(number: int) -> dict[str, Any]:
    """A resource type by number and name."""
    return {"resourcetype": str(number), "resourcetypename": TYPES[number]}
