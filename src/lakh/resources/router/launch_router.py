"""launchRouter, internal: starts a network's router because an Instance needs it, whoever owns the network."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.router.launch import BEFORE_PUBLISH, RouterLaunchState, give_up, router_running
from lakh.resources.vm.row import BY_ID
from lakh.store.statement import TxnSpec


async def publish(run: Run[RouterLaunchState]) -> TxnSpec:
    txn, _ = await router_running(run)
    return txn


class LaunchRouter(JobCommand, internal=True, event="ROUTER.START", instance_type="DomainRouter"):
    """Starts a router."""

    id: Id = param("the router", required=True, entity="vm")

    FLOW = Flow(RouterLaunchState, *BEFORE_PUBLISH, Step("publish", publish, commits=True), failed=give_up)

    async def admit(self, call: Call) -> Admission:
        vm = (await call.cloud.store.rows(BY_ID, self.id))[0]
        return Admission(
            TxnSpec("router.launch.admit"),
            RouterLaunchState(vm_id=vm.id),
            instance=("DomainRouter", vm.uuid),
            sync_key=f"vm:{vm.id}",
            owner=(vm.account_id, vm.domain_id),
            description=f"starting Router. Router Id: {vm.uuid}",
        )
