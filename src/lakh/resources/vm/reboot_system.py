"""rebootSystemVm: by its host, or forced by a stop and a start."""

from __future__ import annotations

from lakh.base.errors import InternalError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.reach import ask
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_view import SystemVmView
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as commands


class RebootState(State):
    """`forced`: by a stop and a start."""

    vm_id: int
    forced: bool = False


async def reboot(run: Run[RebootState]) -> None:
    """Reboots the domain where it runs; its agent comes back by itself."""
    vm = await current_vm(run)
    if run.state.forced:
        await run.child("stopSystemVm", "stop", id=vm.id, forced=True)
        await run.child("startSystemVm", "start", id=vm.id)
        return
    if vm.state != "Running" or vm.host_id is None:
        raise InternalError(f"Unable to reboot system VM {vm.instance_name}: it is {vm.state}")
    try:
        answer = (await ask(run.cloud, vm.host_id, commands.reboot(vm.instance_name)))[0]
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Unable to reboot system VM {vm.instance_name}: {error}") from error
    if not answer.result:
        raise ResourceUnavailableError(f"Unable to reboot system VM {vm.instance_name}: {answer.details}")


async def publish(run: Run[RebootState]) -> TxnSpec:
    await finish_with_system(run, await current_vm(run))
    return TxnSpec("vm.system_rebooted")


class RebootSystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.RebootSystemVmCmd",
    event="SSVM.REBOOT",
    instance_type="SystemVm",
):
    """Reboots a system VM."""

    id: Id = param("the system VM", required=True, entity="vm")
    forced: bool = param("stop and start it instead of asking its system to reboot", default=False, since="4.16.0")

    FLOW = Flow(RebootState, Step("reboot", reboot), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.id)
        return admitted_system(self, vm, RebootState(vm_id=vm.id, forced=self.forced), "rebooting system VM")
