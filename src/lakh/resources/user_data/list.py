"""listUserData."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.user_data.row import UserDataRow
from lakh.resources.user_data.view import UserDataView, user_data_views

LISTING = Listing(UserDataRow, {"id": "id = $", "name": "name = $"}, keyword=("name",))


class ListUserData(
    OwnedListCommand,
    answer=UserDataView,
    since="4.18",
    java_class="org.apache.cloudstack.api.command.user.userdata.ListUserDataCmd",
):
    """Lists registered user data."""

    id: Id | None = param("this one only", entity="user_data")
    name: str | None = param("those of this name")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {"id": self.id, "name": self.name}
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await user_data_views(call.cloud, rows)))
