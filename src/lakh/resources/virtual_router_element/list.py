"""listVirtualRouterElements."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow
from lakh.resources.virtual_router_element.view import VirtualRouterElementView, element_view

LISTING = Listing(
    VirtualRouterElementRow,
    {"id": "id = $", "nspid": "provider_id = $", "enabled": "enabled = $"},
    always="removed_ms IS NULL AND type <> 'InternalLbVm'",
    account="",
)


class ListVirtualRouterElements(ListCommand, answer=VirtualRouterElementView, roles=ADMINS):
    """Lists all virtual router elements."""

    id: Id | None = param("the element of this id", entity="virtual_router_element")
    nspid: Id | None = param("those of this network service provider", entity="service_provider")
    enabled: bool | None = param("enabled or disabled ones only")

    async def run(self, call: Call) -> Listed:
        filters = {"id": self.id, "nspid": self.nspid, "enabled": self.enabled}
        count, rows = await LISTING.page(call.cloud, filters=filters, window=self.window())
        return Listed(count, [await element_view(call.cloud, row) for row in rows])
