"""Users and their key pairs as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from lakh.base.clock import api_date
from lakh.contract.view import View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.cached import Accounts
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import Caller
from lakh.resources.domain.tree import DomainTree
from lakh.resources.role.row import RoleRow
from lakh.resources.user.cached import Users
from lakh.resources.user.row import ADMIN_USER, SYSTEM_USER, ApiKeyRow, UserRow
from lakh.store.statement import select

LAST_KEYS = select(
    "api_key.last_of_users",
    ApiKeyRow,
    "WHERE id IN (SELECT MAX(id) FROM api_key WHERE user_id = ANY($1) AND removed_ms IS NULL GROUP BY user_id)",
)


class UserView(View):
    """`apikey` is the newest pair's; secret keys are only shown by the commands for keys."""

    OBJECT: ClassVar[str] = "user"

    id: str | None = None
    username: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    created: str | None = None
    state: str | None = None
    account: str | None = None
    accounttype: int | None = None
    usersource: str | None = None
    roleid: str | None = None
    roletype: str | None = None
    rolename: str | None = None
    domainid: str | None = None
    domain: str | None = None
    timezone: str | None = None
    apikey: str | None = None
    accountid: str | None = None
    iscallerchilddomain: bool | None = None
    isdefault: bool | None = None
    is2faenabled: bool | None = None
    is2famandated: bool | None = None


async def user_views(cloud: Cloud, caller: Caller, rows: Sequence[UserRow]) -> list[UserView]:
    """The views of a page of users as one caller sees them."""
    accounts = await cloud.part(Accounts).many({row.account_id for row in rows})
    roles = await cloud.snapshots.of(RoleRow)
    tree = await cloud.part(DomainTree).current()
    keys = {k.user_id: k.api_key for k in await cloud.store.rows(LAST_KEYS, [row.id for row in rows])} if rows else {}
    views = []
    for row in rows:
        account = accounts[row.account_id]
        domain = tree.rows[row.domain_id]
        role = roles.by_id.get(account.role_id)
        views.append(
            UserView(
                id=row.uuid,
                username=row.username,
                firstname=row.firstname,
                lastname=row.lastname,
                email=row.email,
                created=api_date(row.created_ms),
                state=row.state,
                account=account.name,
                accounttype=account.type,
                usersource=row.source,
                roleid=role.uuid if role else None,
                roletype=role.type if role else None,
                rolename=role.name if role else None,
                domainid=domain.uuid,
                domain=domain.name,
                timezone=row.timezone,
                apikey=keys.get(row.id),
                accountid=account.uuid,
                iscallerchilddomain=row.domain_id != caller.domain_id
                and tree.is_within(row.domain_id, caller.domain_id),
                isdefault=row.id in (SYSTEM_USER, ADMIN_USER) or account.id == SYSTEM_ACCOUNT,
                is2faenabled=False,
                is2famandated=False,
            )
        )
    return views


async def user_view(cloud: Cloud, caller: Caller, row: UserRow) -> UserView:
    """The view of one user."""
    return (await user_views(cloud, caller, [row]))[0]


class KeysView(View):
    """The two halves of a key pair and nothing else."""

    OBJECT: ClassVar[str] = "userkeys"

    apikey: str | None = None
    secretkey: str | None = None


class KeyPairView(View):
    """A key pair with whose it is. `state` is ENABLED or EXPIRED."""

    OBJECT: ClassVar[str] = "userkeys"

    id: str | None = None
    name: str | None = None
    description: str | None = None
    apikey: str | None = None
    secretkey: str | None = None
    userid: str | None = None
    username: str | None = None
    accountid: str | None = None
    accountname: str | None = None
    accounttype: str | None = None
    roleid: str | None = None
    rolename: str | None = None
    roletype: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    created: str | None = None
    startdate: str | None = None
    enddate: str | None = None
    state: str | None = None


_ACCOUNT_TYPES = ("USER", "ADMIN", "DOMAIN_ADMIN", "RESOURCE_DOMAIN_ADMIN", "READ_ONLY_ADMIN", "PROJECT")


async def key_pair_views(cloud: Cloud, rows: Sequence[ApiKeyRow]) -> list[KeyPairView]:
    """The views of a page of key pairs."""
    accounts = await cloud.part(Accounts).many({row.account_id for row in rows})
    users = await cloud.part(Users).many({row.user_id for row in rows})
    roles = await cloud.snapshots.of(RoleRow)
    tree = await cloud.part(DomainTree).current()
    now_ms = cloud.now_ms()
    views = []
    for row in rows:
        account, user, domain = accounts[row.account_id], users[row.user_id], tree.rows[row.domain_id]
        role = roles.by_id.get(account.role_id)
        expired = row.end_ms is not None and row.end_ms <= now_ms
        views.append(
            KeyPairView(
                id=row.uuid,
                name=row.name,
                description=row.description,
                apikey=row.api_key,
                secretkey=row.secret_key,
                userid=user.uuid,
                username=user.username,
                accountid=account.uuid,
                accountname=account.name,
                accounttype=_ACCOUNT_TYPES[account.type],
                roleid=role.uuid if role else None,
                rolename=role.name if role else None,
                roletype=role.type if role else None,
                domainid=domain.uuid,
                domain=domain.name,
                domainpath=tree.name_path(domain.id),
                created=api_date(row.created_ms),
                startdate=api_date(row.start_ms) if row.start_ms is not None else None,
                enddate=api_date(row.end_ms) if row.end_ms is not None else None,
                state="EXPIRED" if expired else "ENABLED",
            )
        )
    return views
