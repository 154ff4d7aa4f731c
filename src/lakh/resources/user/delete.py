"""deleteUser: a user and its key pairs go."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import ADMIN_USER, REMOVE_KEYS
from lakh.store.statement import TxnSpec, statement

REMOVE = statement("user.remove", "UPDATE users SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL")


class DeleteUser(
    SyncCommand,
    roles=ADMINS,
    event="USER.DELETE",
    java_class="org.apache.cloudstack.api.command.admin.user.DeleteUserCmd",
):
    """Deletes a user for an account"""

    id: Id = param("the user", required=True, entity="users")

    async def run(self, call: Call) -> None:
        user, _ = await managed_user(call, self.id)
        if user.id == ADMIN_USER:
            raise ParameterError("The user is default and can't be removed")
        if user.id == call.caller.user_id:
            raise ParameterError("A user can't delete itself; let another admin do it")
        now_ms = call.cloud.now_ms()
        txn = TxnSpec("deleteUser").add(REMOVE, user.id, now_ms).add(REMOVE_KEYS, user.id, now_ms, expect=None)
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"User {user.username} deleted", ("User", user.uuid)))
        await call.cloud.store.submit(txn)
