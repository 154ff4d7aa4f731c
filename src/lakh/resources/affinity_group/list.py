"""listAffinityGroups."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.affinity_group.row import AffinityGroupRow
from lakh.resources.affinity_group.view import AffinityGroupView, group_views
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing

LISTING = Listing(
    AffinityGroupRow,
    {
        "id": "id = $",
        "name": "name = $",
        "type": "type = $",
        "virtualmachineid": "id IN (SELECT group_id FROM affinity_group_vm WHERE vm_id = $)",
    },
    keyword=("name", "type"),
)


class ListAffinityGroups(
    OwnedListCommand,
    answer=AffinityGroupView,
    java_class="org.apache.cloudstack.api.command.user.affinitygroup.ListAffinityGroupsCmd",
):
    """Lists affinity groups with their Instances."""

    id: Id | None = param("this group only", entity="affinity_group")
    name: str | None = param("groups of this name")
    type: str | None = param("groups of this type")
    virtualmachineid: Id | None = param("groups of this Instance", entity="vm")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {"id": self.id, "name": self.name, "type": self.type, "virtualmachineid": self.virtualmachineid}
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await group_views(call.cloud, rows, members=True)))
