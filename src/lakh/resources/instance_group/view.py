"""Instance groups as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.instance_group.row import InstanceGroupRow


class InstanceGroupView(View, kw_only=True):
    """One instance group."""

    id: str
    name: str
    created: ApiDate
    account: str
    domainid: str
    domain: str
    domainpath: str | None = None
    projectid: str | None = None
    project: str | None = None
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "instancegroup"


async def instance_group_views(cloud: Cloud, rows: Sequence[InstanceGroupRow]) -> list[InstanceGroupView]:
    """The views of these groups, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    found = []
    for row in rows:
        owner = names.account(row.account_id)
        found.append(
            InstanceGroupView(
                id=row.uuid,
                name=row.name,
                created=api_date(row.created_ms),
                account=owner.name,
                domainid=owner.domain_uuid,
                domain=owner.domain_name,
                domainpath=owner.domain_path,
                hasannotations=False,
            )
        )
    return found
