"""configureVirtualRouterElement: lets routers be made, or no more."""

from __future__ import annotations

import msgspec

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.virtual_router_element.row import SET_ENABLED, VirtualRouterElementRow
from lakh.resources.virtual_router_element.view import VirtualRouterElementView, element_view
from lakh.store.statement import TxnSpec


class ConfigureState(State):
    element_id: int
    enabled: bool = False


async def configure(run: Run[ConfigureState]) -> TxnSpec:
    row = await live(run.cloud, VirtualRouterElementRow, run.state.element_id, "id")
    row = msgspec.structs.replace(row, enabled=run.state.enabled)
    run.finish(result_json(run, await element_view(run.cloud, row), run.job.command))
    return TxnSpec("virtual_router_element.configure").add(SET_ENABLED, row.id, row.enabled)


class ConfigureVirtualRouterElement(
    JobCommand,
    answer=VirtualRouterElementView,
    event="NETWORK.ELEMENT.CONFIGURE",
    instance_type="None",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.ConfigureVirtualRouterElementCmd",
):
    """Configures a virtual router element."""

    id: Id = param("the element", required=True, entity="virtual_router_element")
    enabled: bool = param("whether routers may be made", required=True)

    FLOW = Flow(ConfigureState, Step("configure", configure, commits=True))

    async def admit(self, call: Call) -> Admission:
        row = await live(call.cloud, VirtualRouterElementRow, self.id, "id")
        return Admission(
            TxnSpec("virtual_router_element.configure.admit"),
            ConfigureState(element_id=row.id, enabled=self.enabled),
            description=f"configuring virtual router element: {row.uuid}",
        )
