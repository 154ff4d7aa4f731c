"""getUserKeys: the newest key pair of a user."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import KEYS_OF_USER
from lakh.resources.user.view import KeysView


class GetUserKeys(
    SyncCommand,
    answer=KeysView,
    since="4.10.0",
    java_class="org.apache.cloudstack.api.command.admin.user.GetUserKeysCmd",
):
    """This command allows the user to query the newest API key and secret key of a user"""

    id: Id = param("the user", required=True, entity="users")

    async def run(self, call: Call) -> KeysView:
        user, _ = await managed_user(call, self.id)
        pairs = await call.cloud.store.rows(KEYS_OF_USER, user.id)
        return KeysView(apikey=pairs[-1].api_key, secretkey=pairs[-1].secret_key) if pairs else KeysView()
