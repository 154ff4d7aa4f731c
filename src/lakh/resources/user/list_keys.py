"""listUserKeys: the key pairs that the caller may see."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import scope_of
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.user.access import managed_user
from lakh.resources.user.row import ApiKeyRow
from lakh.resources.user.view import KeyPairView, key_pair_views

LISTING = Listing(
    ApiKeyRow,
    {
        "keypairid": "id = $",
        "userid": "user_id = $",
        "apikeyfilter": "api_key = $",
        "own_or_users": "(account_id = $ OR account_id IN (SELECT id FROM account WHERE type = 0))",
    },
    keyword=("name", "description"),
)


class ListUserKeys(
    ListCommand,
    answer=KeyPairView,
    since="4.23.0",
    java_class="org.apache.cloudstack.api.command.admin.user.ListUserKeysCmd",
):
    """Lists the API key pairs of users"""

    keypairid: Id | None = param("this pair", entity="api_key")
    userid: Id | None = param("the pairs of this user", entity="users")
    apikeyfilter: str | None = param("the pair with this API key")
    listall: bool = param("all that the caller may see, not only its own", default=False, roles=ADMINS)

    async def run(self, call: Call) -> Listed:
        named = self.keypairid is not None or self.userid is not None or self.apikeyfilter is not None
        scope = await scope_of(call, list_all=self.listall, by_id=named)
        if self.userid is not None:
            await managed_user(call, self.userid, "userid")
        filters = {
            "keypairid": self.keypairid,
            "userid": self.userid,
            "apikeyfilter": self.apikeyfilter,
            # The answer holds secret keys: a domain admin must not read those of a root admin in its domain.
            "own_or_users": None if call.caller.is_root_admin else call.caller.account_id,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await key_pair_views(call.cloud, rows)))
