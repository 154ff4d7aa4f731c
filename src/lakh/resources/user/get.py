"""getUser: whose API key it is."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.resources.command import Call, SyncCommand
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import KEY
from lakh.resources.user.view import UserView, user_view


class GetUser(
    SyncCommand,
    roles=ADMIN,
    answer=UserView,
    java_class="org.apache.cloudstack.api.command.admin.user.GetUserCmd",
):
    """Find user account by API key"""

    userapikey: str = param("an API key of the user", required=True, validations=("NotNullOrEmpty",))

    async def run(self, call: Call) -> UserView:
        keys = await call.cloud.store.rows(KEY, self.userapikey)
        if not keys:
            raise ParameterError("Unable to find user by userapikey: no live key pair has this API key")
        user, _ = await managed_user(call, keys[0].user_id, "userapikey")
        return await user_view(call.cloud, call.caller, user)
