"""createRolePermission: one more rule, tried after the role's others."""

from __future__ import annotations

import re

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.own import own_role
from lakh.resources.role.row import CHANGEABLE, INSERT_PERMISSION, PERMISSIONS, RolePermissionRow
from lakh.resources.role.view import RolePermissionView, permission_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError

_RULE = re.compile(r"[A-Za-z0-9*]+")


class CreateRolePermission(
    SyncCommand, roles=ADMIN, answer=RolePermissionView, event="ROLE.PERMISSION.CREATE", since="4.9.0"
):
    """Adds a rule to a role."""

    roleid: Id = param("the role", required=True, entity="role", validations=("PositiveNumber",))
    rule: str = param("name of an API command, or a pattern with *", required=True)
    permission: str = param("allow or deny", required=True)
    description: str | None = param("what the rule is for")

    async def run(self, call: Call) -> RolePermissionView:
        cloud = call.cloud
        role = await own_role(cloud, self.roleid, "roleid")
        if not _RULE.fullmatch(self.rule):
            raise ParameterError(f"Invalid parameter rule {self.rule}: give an API command, with * for any characters")
        permission = self.permission.lower()
        if permission not in ("allow", "deny"):
            raise ParameterError(f"Invalid parameter permission {self.permission}: give allow or deny")
        others = await cloud.store.rows(PERMISSIONS, role.id)
        row = RolePermissionRow(
            id=cloud.id("role_permission"),
            uuid=cloud.uuid(),
            role_id=role.id,
            rule=self.rule,
            permission=permission,
            description=self.description,
            sort_order=others[-1].sort_order + 1 if others else 0,
        )
        txn = TxnSpec("createRolePermission").add(CHANGEABLE, role.id).put(INSERT_PERMISSION, row)
        text = f"Rule {row.permission} {row.rule} added to role {role.name}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Role", role.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as error:
            raise ParameterError(f"Role {role.name} has a rule {row.rule} already; update that one") from error
        except GuardFailedError as error:
            raise ParameterError("Invalid parameter roleid: the role does not exist any more") from error
        return permission_view(row, role)
