"""startRouter."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.access import admitted_router, finish_with_router, router_vm
from lakh.resources.router.launch import BEFORE_PUBLISH, RouterLaunchState, give_up, router_running
from lakh.resources.router.view import RouterView
from lakh.store.statement import TxnSpec


async def publish(run: Run[RouterLaunchState]) -> TxnSpec:
    txn, vm = await router_running(run)
    await finish_with_router(run, vm)
    return txn


class StartRouter(
    JobCommand,
    answer=RouterView,
    event="ROUTER.START",
    instance_type="DomainRouter",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.StartRouterCmd",
):
    """Starts a router."""

    id: Id = param("the router", required=True, entity="vm")

    FLOW = Flow(RouterLaunchState, *BEFORE_PUBLISH, Step("publish", publish, commits=True), failed=give_up)

    async def admit(self, call: Call) -> Admission:
        vm = await router_vm(call, self.id)
        return admitted_router(self, vm, RouterLaunchState(vm_id=vm.id), "starting Router")
