"""createVirtualRouterElement: for a provider that has none."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.physical_network.row import ServiceProviderRow
from lakh.resources.virtual_router_element.row import INSERT, VirtualRouterElementRow
from lakh.resources.virtual_router_element.view import VirtualRouterElementView, element_view
from lakh.store.statement import TxnSpec

TYPES = {"VirtualRouter": "VirtualRouter", "VpcVirtualRouter": "VPCVirtualRouter"}


class MadeState(State):
    element_id: int


async def made(run: Run[MadeState]) -> TxnSpec:
    rows = await run.cloud.snapshots.of(VirtualRouterElementRow)
    view = await element_view(run.cloud, rows.by_id[run.state.element_id])
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("virtual_router_element.made")


class CreateVirtualRouterElement(
    JobCommand,
    creates=True,
    answer=VirtualRouterElementView,
    event="SERVICE.PROVIDER.CREATE",
    instance_type="None",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.CreateVirtualRouterElementCmd",
):
    """Creates a virtual router element."""

    nspid: Id = param("the network service provider", required=True, entity="service_provider")

    FLOW = Flow(MadeState, Step("made", made, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        provider = await live(cloud, ServiceProviderRow, self.nspid, "nspid")
        kind = TYPES.get(provider.name)
        if kind is None:
            raise ParameterError(f"Provider {provider.name} has no virtual routers; give one of {', '.join(TYPES)}")
        if any(e.provider_id == provider.id for e in await cloud.snapshots.of(VirtualRouterElementRow)):
            raise ParameterError(f"There is already a virtual router element of provider {provider.name}")
        row = VirtualRouterElementRow(cloud.id("virtual_router_element"), cloud.uuid(), provider.id, kind, False)
        return Admission(
            TxnSpec("virtual_router_element.create").put(INSERT, row),
            MadeState(element_id=row.id),
            created_uuid=row.uuid,
            description=f"Adding physical network ServiceProvider element. Id: {row.uuid}",
        )
