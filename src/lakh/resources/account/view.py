"""Accounts as the API shows them: with their users, role, and what they own against their limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import ADMIN, ADMIN_ACCOUNT, PROJECT, AccountRow
from lakh.resources.command import Caller
from lakh.resources.domain.tree import DomainTree
from lakh.resources.held import Held
from lakh.resources.limit.owned import OwnedCounts, Owners
from lakh.resources.limit.row import ACCOUNT
from lakh.resources.role.row import RoleRow
from lakh.resources.user.row import UserRow
from lakh.resources.user.view import UserView, user_views
from lakh.resources.vm.held import USERS_ONLY, VMS
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import select, statement

USERS_OF = select(
    "user.of_accounts", UserRow, "WHERE account_id = ANY($1) AND removed_ms IS NULL ORDER BY account_id, id"
)
VM_STATES = statement(
    "vm.states_of_accounts",
    "SELECT account_id, state, COUNT(*) FROM vm WHERE account_id = ANY($1) AND type = 'User' AND removed_ms IS NULL"
    " GROUP BY account_id, state",
)


class AccountView(OwnedCounts):
    OBJECT: ClassVar[str] = "account"

    id: str | None = None
    name: str | None = None
    accounttype: int | None = None
    roleid: str | None = None
    roletype: str | None = None
    rolename: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    defaultzoneid: str | None = None
    state: str | None = None
    created: str | None = None
    accountdetails: dict[str, str] | None = None
    networkdomain: str | None = None
    iscleanuprequired: bool | None = None
    isdefault: bool | None = None
    vmstopped: int | None = None
    vmrunning: int | None = None
    user: list[UserView] | None = None


async def account_views(
    cloud: Cloud, caller: Caller, rows: Sequence[AccountRow], *, counts: bool = True
) -> list[AccountView]:
    """The views of a page of accounts; without `counts` the statements for what they own are spared."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    users = await _users(cloud, caller, ids)
    owned = await _owned(cloud, rows) if counts else {}
    roles = await cloud.snapshots.of(RoleRow)
    zones = await cloud.snapshots.of(ZoneRow)
    tree = await cloud.part(DomainTree).current()
    views = []
    for row in rows:
        role, domain = roles.by_id.get(row.role_id), tree.rows[row.domain_id]
        zone = zones.by_id.get(row.default_zone_id) if row.default_zone_id is not None else None
        views.append(
            AccountView(
                **owned.get(row.id, {}),
                id=row.uuid,
                name=row.name,
                accounttype=row.type,
                roleid=role.uuid if role else None,
                roletype=role.type if role else None,
                rolename=role.name if role else None,
                domainid=domain.uuid,
                domain=domain.name,
                domainpath=tree.name_path(domain.id),
                defaultzoneid=zone.uuid if zone else None,
                state=row.state,
                created=api_date(row.created_ms),
                accountdetails=msgspec.json.decode(row.details_json, type=dict[str, str]) or None,
                networkdomain=row.network_domain,
                iscleanuprequired=False,
                isdefault=row.id <= ADMIN_ACCOUNT,
                user=users.get(row.id, []),
            )
        )
    return views


async def _users(cloud: Cloud, caller: Caller, account_ids: Sequence[int]) -> dict[int, list[UserView]]:
    rows = await cloud.store.rows(USERS_OF, list(account_ids))
    found: dict[int, list[UserView]] = {}
    for row, view in zip(rows, await user_views(cloud, caller, rows), strict=True):
        found.setdefault(row.account_id, []).append(view)
    return found


async def _owned(cloud: Cloud, rows: Iterable[AccountRow]) -> dict[int, dict[str, Any]]:
    listed = list(rows)
    ids = [row.id for row in listed]
    owners = await Owners.read(cloud, ACCOUNT, ids)
    running: dict[int, int] = {}
    stopped: dict[int, int] = {}
    for account_id, state, number in await _vm_states(cloud, ids):
        if state == "Running":
            running[account_id] = number
        elif state == "Stopped":
            stopped[account_id] = number
    return {
        row.id: owners.fields(row.id, project=row.type == PROJECT, unlimited=row.type == ADMIN)
        | {"vmrunning": running.get(row.id, 0), "vmstopped": stopped.get(row.id, 0)}
        for row in listed
    }


async def _vm_states(cloud: Cloud, account_ids: list[int]) -> list[tuple[int, str | None, int]]:
    """(account id, state, how many Instances): from memory, or from the store while that is read."""
    columns = await cloud.part(Held).fresh(VMS)
    if columns is None:
        return [(row[0], row[1], row[2]) for row in await cloud.store.read(VM_STATES, account_ids)]
    tallied = columns.tally("account_id", account_ids, "state", USERS_ONLY)
    return [(i, state, count) for (i, state), count in tallied.items()]


async def account_view(cloud: Cloud, caller: Caller, row: AccountRow) -> AccountView:
    """The view of one account."""
    return (await account_views(cloud, caller, [row]))[0]
