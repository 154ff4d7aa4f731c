"""stopSystemVm: the VM off its host, and its agent Disconnected."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.agent_of_vm import disconnect_agent
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.halt import HaltState, stop_on_host, stopped, stopping, unstopping
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_view import SystemVmView
from lakh.store.statement import TxnSpec


async def part_from_agent(run: Run[HaltState]) -> None:
    """Its agent is gone on purpose (addendum 1.4)."""
    await disconnect_agent(run.cloud, await current_vm(run))


async def publish(run: Run[HaltState]) -> TxnSpec:
    """Stopped, and the job's result."""
    txn = TxnSpec("vm.system_stopped")
    vm = stopped(run, await current_vm(run), txn)
    await finish_with_system(run, vm)
    return txn


class StopSystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.StopSystemVmCmd",
    event="SSVM.STOP",
    instance_type="SystemVm",
):
    """Stops a system VM. The cloud starts it again by itself where the zone has no other one."""

    id: Id = param("the system VM", required=True, entity="vm")
    forced: bool = param("count it as stopped even when its host does not answer or refuses", default=False)

    FLOW = Flow(
        HaltState,
        Step("stopping", stopping, unstopping, commits=True),
        Step("stop", stop_on_host),
        Step("agent", part_from_agent),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.id)
        return admitted_system(self, vm, HaltState(vm_id=vm.id, forced=self.forced), "stopping system VM")
