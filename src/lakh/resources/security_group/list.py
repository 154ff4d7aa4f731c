"""listSecurityGroups: with all their rules and members."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.security_group.membership import default_group
from lakh.resources.security_group.row import SecurityGroupRow
from lakh.resources.security_group.view import SecurityGroupView, security_group_views

LISTING = Listing(
    SecurityGroupRow,
    {
        "id": "id = $",
        "securitygroupname": "name = $",
        "virtualmachineid": "id IN (SELECT group_id FROM security_group_vm WHERE vm_id = $)",
    },
    keyword=("name",),
)


class ListSecurityGroups(OwnedListCommand, answer=SecurityGroupView):
    """Lists security groups."""

    id: Id | None = param("the group of this id", entity="security_group")
    securitygroupname: str | None = param("the groups of this name")
    virtualmachineid: Id | None = param("those that this Instance is in", entity="vm")

    async def run(self, call: Call) -> Listed:
        if not call.caller.is_admin:
            await default_group(call.cloud, call.caller.account_id, call.caller.domain_id)
        scope = await owned_scope(call, self, by_id=self.id is not None or self.virtualmachineid is not None)
        filters = {
            "id": self.id,
            "securitygroupname": self.securitygroupname,
            "virtualmachineid": self.virtualmachineid,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await security_group_views(call.cloud, rows)))
