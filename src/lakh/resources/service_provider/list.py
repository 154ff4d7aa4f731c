"""listNetworkServiceProviders."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.live import flag_state
from lakh.resources.physical_network.row import ServiceProviderRow
from lakh.resources.physical_network.view import ServiceProviderView, service_provider_view

LISTING = Listing(
    ServiceProviderRow,
    {"physicalnetworkid": "physical_network_id = $", "name": "name = $", "state": "state = $"},
    keyword=("name",),
    account="",
)


class ListNetworkServiceProviders(ListCommand, answer=ServiceProviderView, roles=ADMIN, since="3.0.0"):
    """Lists the network service providers of a physical network."""

    physicalnetworkid: Id | None = param("those of this physical network", entity="physical_network")
    name: str | None = param("the one of this name")
    state: str | None = param("Enabled, Disabled or Shutdown")

    async def run(self, call: Call) -> Listed:
        state = flag_state("state", self.state, ("Enabled", "Disabled", "Shutdown"))
        filters = {"physicalnetworkid": self.physicalnetworkid, "name": self.name, "state": state}
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=self.window())
        return Listed(count, [await service_provider_view(call.cloud, row) for row in rows])
