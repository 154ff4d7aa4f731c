"""listDomainChildren: what stands below a domain, without the domain itself."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.domain.tree import DomainTree
from lakh.resources.domain.view import DomainView, domain_views
from lakh.resources.listing import page_of


class ListDomainChildren(
    ListCommand,
    roles=ADMINS,
    answer=DomainView,
    java_class="org.apache.cloudstack.api.command.admin.domain.ListDomainChildrenCmd",
):
    """Lists all children domains belonging to a specified domain"""

    id: Id | None = param("the parent domain; the caller's own when absent", entity="domain")
    name: str | None = param("children of exactly this name")
    isrecursive: bool = param("children of children too, down to the leaves", default=False)
    listall: bool = param("as isrecursive", default=False)

    async def run(self, call: Call) -> Listed:
        tree = await call.cloud.part(DomainTree).current()
        parent = call.caller.domain_id if self.id is None else self.id
        await check_domain(call, parent)
        below = tree.subtree(parent) if self.isrecursive or self.listall else tree.children(parent)
        rows = [
            tree.rows[i]
            for i in below
            if i != parent
            and (self.name is None or tree.rows[i].name == self.name)
            and (not self.keyword or self.keyword.lower() in tree.rows[i].name.lower())
        ]
        count, page = page_of(rows, self.window())
        return Listed(count, list(await domain_views(call.cloud, page)))
