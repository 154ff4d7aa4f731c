"""stopRouter: its network stays as it is, and the next Instance that starts in it starts it again."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.access import admitted_router, finish_with_router, router_vm
from lakh.resources.router.end import halting
from lakh.resources.router.view import RouterView
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.halt import HaltState, stop_on_host, stopped, unstopping
from lakh.store.statement import TxnSpec


async def publish(run: Run[HaltState]) -> TxnSpec:
    txn = TxnSpec("router.stopped")
    vm = stopped(run, await current_vm(run), txn)
    await finish_with_router(run, vm)
    return txn


class StopRouter(
    JobCommand,
    answer=RouterView,
    event="ROUTER.STOP",
    instance_type="DomainRouter",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.StopRouterCmd",
):
    """Stops a router."""

    id: Id = param("the router", required=True, entity="vm")
    forced: bool = param("count it as stopped even when its host does not answer or refuses", default=False)

    FLOW = Flow(
        HaltState,
        Step("stopping", halting, unstopping, commits=True),
        Step("stop", stop_on_host),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await router_vm(call, self.id)
        return admitted_router(self, vm, HaltState(vm_id=vm.id, forced=self.forced), "stopping Router")
