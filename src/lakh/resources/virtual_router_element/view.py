"""Virtual router elements as the API shows them. They belong to nobody: their owner's fields stay out."""

from __future__ import annotations

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.physical_network.row import ServiceProviderRow
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow


class VirtualRouterElementView(View, kw_only=True):
    id: str | None = None
    nspid: str | None = None
    enabled: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "virtualrouterelement"


async def element_view(cloud: Cloud, row: VirtualRouterElementRow) -> VirtualRouterElementView:
    provider = (await cloud.snapshots.of(ServiceProviderRow)).by_id[row.provider_id]
    return VirtualRouterElementView(id=row.uuid, nspid=provider.uuid, enabled=row.enabled)
