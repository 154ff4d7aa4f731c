"""lockUser: a user may not call until it is enabled again."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import ADMIN_USER, SET_STATE
from lakh.resources.user.view import UserView, user_view
from lakh.store.statement import TxnSpec


class LockUser(
    SyncCommand,
    roles=ADMINS,
    answer=UserView,
    event="USER.LOCK",
    java_class="org.apache.cloudstack.api.command.admin.user.LockUserCmd",
):
    """Locks a user account"""

    id: Id = param("the user", required=True, entity="users")

    async def run(self, call: Call) -> UserView:
        user, _ = await managed_user(call, self.id)
        if user.id in (call.caller.user_id, ADMIN_USER):
            raise ParameterError("The default admin user, and the calling user itself, can't be locked")
        txn = TxnSpec("lockUser").add(SET_STATE, user.id, "locked")
        text = f"User {user.username} locked"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("User", user.uuid)))
        await call.cloud.store.submit(txn)
        changed = msgspec.structs.replace(user, state="locked")
        return await user_view(call.cloud, call.caller, changed)
