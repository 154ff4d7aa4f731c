"""listRolePermissions: the rules of one role or of all, in the order they are tried."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.role.row import RolePermissionRow, RoleRow
from lakh.resources.role.view import RolePermissionView, permission_view


class ListRolePermissions(SyncCommand, roles=ADMIN, answer=RolePermissionView, envelope="list", since="4.9.0"):
    """Lists the rules of roles."""

    roleid: Id | None = param(
        "the role; without it the rules of every role", entity="role", validations=("PositiveNumber",)
    )

    async def run(self, call: Call) -> Listed:
        roles = {row.id: row for row in await call.cloud.snapshots.of(RoleRow)}
        rows = [
            row
            for row in await call.cloud.snapshots.of(RolePermissionRow)
            if row.role_id in roles and (self.roleid is None or row.role_id == self.roleid)
        ]
        rows.sort(key=lambda row: (row.role_id, row.sort_order, row.id))
        return Listed(len(rows), [permission_view(row, roles[row.role_id]) for row in rows])
