"""Registered user data as the API shows it."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.user_data.row import UserDataRow


class UserDataView(View, kw_only=True):
    """One registered text."""

    id: str
    name: str
    accountid: str
    account: str
    domainid: str
    domain: str
    domainpath: str | None = None
    projectid: str | None = None
    project: str | None = None
    userdata: str
    params: str | None = None
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "userdata"


async def user_data_views(cloud: Cloud, rows: Sequence[UserDataRow]) -> list[UserDataView]:
    """The views of these rows, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    found = []
    for row in rows:
        owner = names.account(row.account_id)
        found.append(
            UserDataView(
                id=row.uuid,
                name=row.name,
                accountid=owner.uuid,
                account=owner.name,
                domainid=owner.domain_uuid,
                domain=owner.domain_name,
                domainpath=owner.domain_path,
                userdata=row.user_data,
                params=row.params,
                hasannotations=False,
            )
        )
    return found
