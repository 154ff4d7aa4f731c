"""deleteRolePermission: one rule less."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.own import own_role
from lakh.resources.role.row import CHANGEABLE, RolePermissionRow
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

REMOVE = statement("role_permission.remove", "DELETE FROM role_permission WHERE id = $1")


class DeleteRolePermission(SyncCommand, roles=ADMIN, event="ROLE.PERMISSION.DELETE", since="4.9.0"):
    """Deletes a rule of a role."""

    id: Id = param("the rule", required=True, entity="role_permission", validations=("PositiveNumber",))

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        gone = ParameterError("Invalid parameter id: the rule does not exist any more")
        row = (await cloud.snapshots.of(RolePermissionRow)).by_id.get(self.id)
        if row is None:
            raise gone
        role = await own_role(cloud, row.role_id, "id")
        txn = TxnSpec("deleteRolePermission").add(CHANGEABLE, role.id).add(REMOVE, row.id)
        text = f"Rule {row.permission} {row.rule} removed from role {role.name}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Role", role.uuid)))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as error:
            raise gone from error
