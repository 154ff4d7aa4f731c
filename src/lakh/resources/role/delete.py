"""deleteRole: a role that no account has, with its rules."""

from __future__ import annotations

from lakh.base.errors import PermissionDeniedError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.own import own_role
from lakh.resources.role.row import ACCOUNT_OF
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

REMOVE = statement(
    "role.remove",
    "UPDATE role SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM account WHERE role_id = $1 AND removed_ms IS NULL)",
)
REMOVE_PERMISSIONS = statement("role_permission.remove_all", "DELETE FROM role_permission WHERE role_id = $1")


class DeleteRole(SyncCommand, roles=ADMIN, event="ROLE.DELETE", since="4.9.0"):
    """Deletes a role."""

    id: Id = param("the role", required=True, entity="role", validations=("PositiveNumber",))

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await own_role(cloud, self.id, "id")
        in_use = PermissionDeniedError(f"Accounts have role {row.name}: give them another role before deleting it")
        if await cloud.store.read(ACCOUNT_OF, row.id):
            raise in_use
        txn = TxnSpec("deleteRole").add(REMOVE, row.id, cloud.now_ms()).add(REMOVE_PERMISSIONS, row.id, expect=None)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Role {row.name} deleted", ("Role", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as error:
            raise in_use from error
