"""Accounts own resources; their counts and limits stand beside them in one wide row each, guarded on every change."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, Search, table

SYSTEM_ACCOUNT = 1
ADMIN_ACCOUNT = 2

USER, ADMIN, DOMAIN_ADMIN, RESOURCE_ADMIN, READ_ONLY_ADMIN, PROJECT = range(6)
"""Account types (api-conventions, section 3)."""

_ROLE_TYPES = {ADMIN: "Admin", DOMAIN_ADMIN: "DomainAdmin", RESOURCE_ADMIN: "ResourceAdmin", READ_ONLY_ADMIN: "Admin"}


def role_type(account_type: int) -> str:
    """The role type in whose name an account of this type acts: Admin, ResourceAdmin, DomainAdmin or User."""
    return _ROLE_TYPES.get(account_type, "User")


@table(
    "account",
    Index("account_uuid", "uuid", unique=True),
    Index("account_name", "domain_id", "name", where="removed_ms IS NULL", unique=True),
    Index("account_listed", "domain_id", "id", where="removed_ms IS NULL"),
    Index("account_role", "role_id", "id", where="removed_ms IS NULL"),
    big=True,
    search=Search("name"),
)
class AccountRow(Row):
    id: int
    uuid: str
    name: str
    type: int
    role_id: Annotated[int, Ref("role")]
    domain_id: Annotated[int, Ref("domain")]
    state: str
    network_domain: str | None
    default_zone_id: Annotated[int | None, Ref("zone")]
    details_json: str
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("account.insert", AccountRow)
BY_ID = select("account.by_id", AccountRow, "WHERE id = $1")
BY_NAME = select("account.by_name", AccountRow, "WHERE domain_id = $1 AND name = $2 AND removed_ms IS NULL")
LIVE = statement("account.live", "UPDATE account SET state = state WHERE id = $1 AND removed_ms IS NULL")
"""Guards what is created for an account: it counts no row once the account is deleted."""
SET_STATE = statement("account.set_state", "UPDATE account SET state = $2 WHERE id = $1 AND removed_ms IS NULL")
