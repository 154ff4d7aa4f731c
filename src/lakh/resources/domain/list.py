"""listDomains: the domains that the caller may see."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id, Strings
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.domain.row import DomainRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.domain.view import DomainView, domain_views
from lakh.resources.listing import page_of

DETAILS = frozenset({"all", "resource", "min"})


class ListDomains(
    ListCommand,
    roles=ADMINS,
    answer=DomainView,
    java_class="org.apache.cloudstack.api.command.admin.domain.ListDomainsCmdByAdmin",
):
    """Lists domains and provides detailed information for listed domains"""

    id: Id | None = param("this domain; with isrecursive its whole subtree", entity="domain")
    name: str | None = param("domains of exactly this name")
    level: int | None = param("domains at this depth; ROOT is 0")
    isrecursive: bool = param("with id: the subtree, not only the domain", default=False)
    listall: bool = param("the caller's whole subtree, not only its own domain", default=False)
    details: Strings = param("what to answer: all, resource or min")

    async def run(self, call: Call) -> Listed:
        if unknown := set(self.details) - DETAILS:
            raise ParameterError(f"Invalid parameter details {', '.join(sorted(unknown))}: give all, resource or min")
        tree = await call.cloud.part(DomainTree).current()
        wanted: list[int] | None = None
        if self.id is not None:
            await check_domain(call, self.id)
            wanted = tree.subtree(self.id) if self.isrecursive else [self.id]
        elif not call.caller.is_root_admin:
            own = call.caller.domain_id
            wanted = tree.subtree(own) if self.listall or self.isrecursive else [own]
        rows = tree.source.live if wanted is None else [tree.rows[i] for i in wanted if i in tree.rows]
        count, page = page_of([row for row in rows if self._fits(row)], self.window())
        counts = not self.details or bool({"all", "resource"} & set(self.details))
        return Listed(count, list(await domain_views(call.cloud, page, counts=counts)))

    def _fits(self, row: DomainRow) -> bool:
        return (
            row.removed_ms is None
            and (self.name is None or row.name == self.name)
            and (self.level is None or row.level == self.level)
            and (not self.keyword or self.keyword.lower() in row.name.lower())
        )
