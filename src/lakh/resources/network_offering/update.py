"""updateNetworkOffering: enables it, and changes what is not about networks that exist already."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import flag_state, live
from lakh.resources.network_offering.row import UPDATE, NetworkOfferingRow
from lakh.resources.network_offering.view import NetworkOfferingView, network_offering_view
from lakh.resources.offering_scope import changed
from lakh.store.statement import TxnSpec


class UpdateNetworkOffering(SyncCommand, answer=NetworkOfferingView, event="NETWORK.OFFERING.EDIT", roles=ADMIN):
    """Updates a network offering."""

    id: Id | None = param("the network offering", entity="network_offering")
    name: str | None = param("another name")
    displaytext: str | None = param("another longer name")
    sortkey: int | None = param("its place in lists")
    state: str | None = param("Enabled or Disabled")
    availability: str | None = param("Optional or Required")
    maxconnections: int | None = param("most connections of a load balancer")
    tags: str | None = param(
        "tag of the physical networks that it goes with; the empty text takes it away", max_length=4096
    )
    domainid: str | None = param("public, or the domains that may use it", max_length=4096)
    zoneid: str | None = param("all, or the zones it is offered in", max_length=4096, since="4.13")

    async def run(self, call: Call) -> NetworkOfferingView:
        cloud = call.cloud
        if self.id is None:
            raise ParameterError("Unable to execute API command updatenetworkoffering due to missing parameter id")
        row = await live(cloud, NetworkOfferingRow, self.id, "id")
        if row.is_system:
            raise ParameterError(f"Network offering {row.name} is for system networks and cannot be changed")
        domain_ids, zone_ids = await changed(call, row, self.domainid, self.zoneid)
        row = msgspec.structs.replace(
            row,
            name=self.name or row.name,
            display_text=self.displaytext or row.display_text,
            sort_key=row.sort_key if self.sortkey is None else self.sortkey,
            state=flag_state("state", self.state, ("Enabled", "Disabled")) or row.state,
            availability=flag_state("availability", self.availability, ("Optional", "Required")) or row.availability,
            max_connections=row.max_connections if self.maxconnections is None else self.maxconnections,
            tags=(self.tags or None) if call.has("tags") else row.tags,
            domain_ids=domain_ids,
            zone_ids=zone_ids,
        )
        txn = TxnSpec("updateNetworkOffering")
        txn.add(
            UPDATE, row.id, row.name, row.display_text, row.sort_key, row.state, row.availability,
            row.max_connections, row.tags, row.domain_ids, row.zone_ids,
        )  # fmt: skip
        text = f"Network offering {row.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("NetworkOffering", row.uuid)))
        await cloud.store.submit(txn)
        return await network_offering_view(cloud, row)
