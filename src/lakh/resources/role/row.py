"""Roles and their rules. A role's rules are tried in `sort_order`; the first that matches a command decides."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "role",
    Index("role_uuid", "uuid", unique=True),
    Index("role_name", "name", where="removed_ms IS NULL", unique=True),
)
class RoleRow(Row):
    """`type` is Admin, ResourceAdmin, DomainAdmin or User. Default roles never change."""

    id: int
    uuid: str
    name: str
    type: str
    description: str | None
    is_default: bool
    is_public: bool
    state: str
    created_ms: int
    removed_ms: int | None = None


@table(
    "role_permission",
    Index("role_permission_uuid", "uuid", unique=True),
    Index("role_permission_rule", "role_id", "rule", unique=True),
    Index("role_permission_order", "role_id", "sort_order", "id"),
)
class RolePermissionRow(Row):
    """One rule: a command's name or a pattern with `*`; `permission` is allow or deny."""

    id: int
    uuid: str
    role_id: Annotated[int, Ref("role")]
    rule: str
    permission: str
    description: str | None
    sort_order: int


INSERT = insert("role.insert", RoleRow)
INSERT_PERMISSION = insert("role_permission.insert", RolePermissionRow)
PERMISSIONS = select("role_permission.of_role", RolePermissionRow, "WHERE role_id = $1 ORDER BY sort_order, id")
CHANGEABLE = statement(
    "role.changeable", "UPDATE role SET state = state WHERE id = $1 AND NOT is_default AND removed_ms IS NULL"
)
"""Guards a change of a role's rules: it counts no row once the role is deleted."""

ACCOUNT_OF = statement("role.account_of", "SELECT id FROM account WHERE role_id = $1 AND removed_ms IS NULL LIMIT 1")
"""One account that has the role, if any."""
