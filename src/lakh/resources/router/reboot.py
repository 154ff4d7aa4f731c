"""rebootRouter: a stop and a start, perhaps on another host."""

from __future__ import annotations

from lakh.base.errors import InternalError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.access import finish_with_router, router_vm
from lakh.resources.router.view import RouterView
from lakh.resources.vm.access import current_vm
from lakh.store.statement import TxnSpec


class RebootState(State):
    vm_id: int
    forced: bool = False


async def reboot(run: Run[RebootState]) -> None:
    await run.child("stopRouter", "stop", id=run.state.vm_id, forced=run.state.forced)
    await run.child("startRouter", "start", id=run.state.vm_id)


async def publish(run: Run[RebootState]) -> TxnSpec:
    await finish_with_router(run, await current_vm(run))
    return TxnSpec("router.rebooted")


class RebootRouter(
    JobCommand,
    answer=RouterView,
    event="ROUTER.REBOOT",
    instance_type="DomainRouter",
    roles=ADMINS,
    java_class="org.apache.cloudstack.api.command.admin.router.RebootRouterCmd",
):
    """Stops and starts a router."""

    id: Id = param("the router", required=True, entity="vm")
    forced: bool = param(
        "count it as stopped even when its host does not answer or refuses", default=False, since="4.16.0"
    )

    FLOW = Flow(RebootState, Step("reboot", reboot), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await router_vm(call, self.id)
        if vm.state != "Running":
            raise InternalError(f"Router {vm.instance_name} is not running, so it cannot be rebooted: it is {vm.state}")
        return Admission(
            TxnSpec("router.reboot.admit"),
            RebootState(vm_id=vm.id, forced=self.forced),
            instance=("DomainRouter", vm.uuid),
            sync_key=f"reboot:{vm.id}",
            owner=(vm.account_id, vm.domain_id),
            description=f"rebooting Router. Router Id: {vm.uuid}",
        )
