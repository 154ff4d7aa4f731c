"""destroyRouter: the next Instance that starts in its network gets another one made."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.access import admitted_router, finish_with_router, router_vm
from lakh.resources.router.end import BEFORE_PUBLISH, ended
from lakh.resources.router.view import RouterView
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.halt import HaltState, host_is_away
from lakh.store.statement import TxnSpec


async def publish(run: Run[HaltState]) -> TxnSpec:
    await finish_with_router(run, await current_vm(run))
    txn, _ = await ended(run)
    return txn


class DestroyRouter(
    JobCommand,
    answer=RouterView,
    event="ROUTER.DESTROY",
    instance_type="DomainRouter",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.DestroyRouterCmd",
):
    """Destroys a router."""

    id: Id = param("the router", required=True, entity="vm")

    FLOW = Flow(HaltState, *BEFORE_PUBLISH, Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await router_vm(call, self.id)
        state = HaltState(vm_id=vm.id, forced=host_is_away(call.cloud, vm))
        return admitted_router(self, vm, state, "destroying Router")
