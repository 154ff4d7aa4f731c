"""listInstanceGroups."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.instance_group.row import InstanceGroupRow
from lakh.resources.instance_group.view import InstanceGroupView, instance_group_views
from lakh.resources.listing import Listing

LISTING = Listing(InstanceGroupRow, {"id": "id = $", "name": "name = $"}, keyword=("name",))


class ListInstanceGroups(
    OwnedListCommand,
    answer=InstanceGroupView,
    java_class="org.apache.cloudstack.api.command.user.vmgroup.ListVMGroupsCmd",
):
    """Lists instance groups."""

    id: Id | None = param("this group only", entity="instance_group")
    name: str | None = param("groups of this name")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {"id": self.id, "name": self.name}
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await instance_group_views(call.cloud, rows)))
