"""createDomain: a domain below another."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.base.ids import is_uuid
from lakh.contract.declaration import ADMIN_AND_DOMAIN, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.domain.names import check_name, check_network_domain
from lakh.resources.domain.row import INSERT, LIVE_PARENT, ROOT_DOMAIN, DomainRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.domain.view import DomainView, domain_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.row import DOMAIN, INSERT_COUNT, ResourceCountRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class CreateDomain(
    SyncCommand,
    roles=ADMIN_AND_DOMAIN,
    answer=DomainView,
    event="DOMAIN.CREATE",
    java_class="org.apache.cloudstack.api.command.admin.domain.CreateDomainCmd",
):
    """Creates a domain."""

    name: str = param("name of the domain, unique among those of the same parent", required=True)
    parentdomainid: Id | None = param("the domain to create it in; ROOT when absent", entity="domain")
    networkdomain: str | None = param("DNS suffix of the domain's networks")
    domainid: str | None = param("a uuid to give the domain instead of a new one")

    async def run(self, call: Call) -> DomainView:
        cloud = call.cloud
        check_name("name", self.name)
        check_network_domain(self.networkdomain)
        if self.domainid and not is_uuid(self.domainid):
            raise ParameterError(f"Invalid parameter domainid {self.domainid}: give a uuid, or leave it out")
        parent_id = ROOT_DOMAIN if self.parentdomainid is None else self.parentdomainid
        tree = await cloud.part(DomainTree).current()
        parent = tree.rows.get(parent_id)
        if parent is None or parent.removed_ms is not None or parent.state != "Active":
            raise ParameterError("Invalid parameter parentdomainid: the domain was deleted; give one that exists")
        await check_domain(call, parent_id)
        made = cloud.id("domain")
        row = DomainRow(
            id=made,
            uuid=(self.domainid or "").lower() or cloud.uuid(),
            name=self.name,
            parent_id=parent.id,
            path=f"{parent.path}{made}/",
            level=parent.level + 1,
            network_domain=self.networkdomain,
            state="Active",
            created_ms=cloud.now_ms(),
        )
        txn = TxnSpec("createDomain").add(LIVE_PARENT, parent.id).put(INSERT, row)
        txn.put(INSERT_COUNT, ResourceCountRow(owner_kind=DOMAIN, owner_id=made))
        text = f"Domain {self.name} created in {tree.name_path(parent.id)}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Domain", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            if taken.index == "domain_uuid":
                raise ParameterError(f"The domainid {row.uuid} is in use by another domain") from taken
            raise ParameterError(
                f"Domain with name {self.name} already exists for the parent id={parent.uuid}"
            ) from taken
        return await domain_view(cloud, row)
