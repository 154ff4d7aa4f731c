"""enableUser: a disabled or locked user may call again, with its failed log-ins forgotten."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import ENABLE
from lakh.resources.user.view import UserView, user_view
from lakh.store.statement import TxnSpec


class EnableUser(
    SyncCommand,
    roles=ADMINS,
    answer=UserView,
    event="USER.ENABLE",
    java_class="org.apache.cloudstack.api.command.admin.user.EnableUserCmd",
):
    """Enables a user account"""

    id: Id = param("the user", required=True, entity="users")

    async def run(self, call: Call) -> UserView:
        user, _ = await managed_user(call, self.id)
        txn = TxnSpec("enableUser").add(ENABLE, user.id)
        text = f"User {user.username} enabled"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("User", user.uuid)))
        await call.cloud.store.submit(txn)
        changed = msgspec.structs.replace(user, state="enabled", login_attempts=0)
        return await user_view(call.cloud, call.caller, changed)
