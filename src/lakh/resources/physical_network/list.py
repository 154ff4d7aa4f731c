"""listPhysicalNetworks."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.physical_network.view import PhysicalNetworkView, physical_network_view

LISTING = Listing(
    PhysicalNetworkRow, {"id": "id = $", "zoneid": "zone_id = $", "name": "name = $"}, keyword=("name",), account=""
)


class ListPhysicalNetworks(ListCommand, answer=PhysicalNetworkView, roles=ADMIN, since="3.0.0"):
    """Lists physical networks."""

    id: Id | None = param("the physical network of this id", entity="physical_network")
    zoneid: Id | None = param("those of this zone", entity="zone")
    name: str | None = param("the one of this name")

    async def run(self, call: Call) -> Listed:
        filters = {"id": self.id, "zoneid": self.zoneid, "name": self.name}
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=self.window())
        return Listed(count, [await physical_network_view(call.cloud, row) for row in rows])
