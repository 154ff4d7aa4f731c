"""Roles and rules as the API shows them."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import View
from lakh.resources.role.row import RolePermissionRow, RoleRow


class RoleView(View):
    OBJECT: ClassVar[str] = "role"

    id: str | None = None
    name: str | None = None
    type: str | None = None
    description: str | None = None
    ispublic: bool | None = None
    isdefault: bool | None = None
    state: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


class RolePermissionView(View):
    OBJECT: ClassVar[str] = "rolepermission"

    id: str | None = None
    roleid: str | None = None
    rolename: str | None = None
    rule: str | None = None
    permission: str | None = None
    description: str | None = None
    jobid: str | None = None
    jobstatus: int | None = None


def role_view(row: RoleRow) -> RoleView:
    return RoleView(
        id=row.uuid,
        name=row.name,
        type=row.type,
        description=row.description,
        ispublic=row.is_public,
        isdefault=row.is_default,
        state=row.state,
    )


def permission_view(row: RolePermissionRow, role: RoleRow) -> RolePermissionView:
    return RolePermissionView(
        id=row.uuid,
        roleid=role.uuid,
        rolename=role.name,
        rule=row.rule,
        permission=row.permission,
        description=row.description,
    )
