"""updateDomain: another name, or another DNS suffix for its networks."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import check_domain
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.domain.names import check_name, check_network_domain
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.domain.tree import DomainTree
from lakh.resources.domain.view import DomainView, domain_view
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError

UPDATE = statement(
    "domain.update", "UPDATE domain SET name = $2, network_domain = $3 WHERE id = $1 AND removed_ms IS NULL"
)


class UpdateDomain(
    SyncCommand,
    roles=ADMIN,
    answer=DomainView,
    event="DOMAIN.UPDATE",
    java_class="org.apache.cloudstack.api.command.admin.domain.UpdateDomainCmd",
):
    """Updates a domain with a new name."""

    id: Id = param("the domain", required=True, entity="domain")
    name: str | None = param("its new name")
    networkdomain: str | None = param("DNS suffix of the domain's networks; empty to have none")

    async def run(self, call: Call) -> DomainView:
        cloud = call.cloud
        row = (await cloud.part(DomainTree).current()).rows.get(self.id)
        if row is None or row.removed_ms is not None:
            raise ParameterError(f"Unable to find domain {call.parameters['id']}: it was deleted")
        await check_domain(call, row.id)
        if row.id == ROOT_DOMAIN and self.name is not None and self.name != row.name:
            raise PermissionDeniedError("The ROOT domain can not be given a new name")
        if self.name is not None:
            check_name("name", self.name)
        check_network_domain(self.networkdomain)
        network_domain = row.network_domain if self.networkdomain is None else self.networkdomain or None
        changed = msgspec.structs.replace(row, name=self.name or row.name, network_domain=network_domain)
        txn = TxnSpec("updateDomain").add(UPDATE, row.id, changed.name, changed.network_domain)
        text = f"Domain {changed.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Domain", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(f"Domain with name {self.name} already exists beside this one") from taken
        return await domain_view(cloud, changed)
