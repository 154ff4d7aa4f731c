"""listTrafficTypes."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.physical_network.row import TrafficTypeRow
from lakh.resources.physical_network.view import TrafficTypeView, traffic_type_view

LISTING = Listing(TrafficTypeRow, {"physicalnetworkid": "physical_network_id = $"}, keyword=("type",), account="")


class ListTrafficTypes(ListCommand, answer=TrafficTypeView, roles=ADMIN, since="3.0.0"):
    """Lists the traffic types of a physical network."""

    physicalnetworkid: Id = param("the physical network", required=True, entity="physical_network")

    async def run(self, call: Call) -> Listed:
        filters = {"physicalnetworkid": self.physicalnetworkid}
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=self.window())
        return Listed(count, [await traffic_type_view(call.cloud, row) for row in rows])
