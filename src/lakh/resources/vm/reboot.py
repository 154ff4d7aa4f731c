"""rebootVirtualMachine."""

from __future__ import annotations

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.reach import ask
from lakh.resources.network.prepare import prepare_nics
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.launch import nics_of
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as commands


class RebootState(State):
    """`forced`: by a stop and a start."""

    vm_id: int
    forced: bool = False


async def reboot(run: Run[RebootState]) -> None:
    """Reboots the domain where it runs; forced is a stop and a start, perhaps elsewhere."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if state.forced:
        await run.child("stopVirtualMachine", "stop", id=vm.id, forced=True)
        await run.child("startVirtualMachine", "start", id=vm.id)
        return
    if vm.state != "Running" or vm.host_id is None:
        raise InternalError(f"Unable to reboot Instance {vm.uuid}: it is {vm.state}, and only a running one reboots")
    await prepare_nics(run, vm, await nics_of(run), None)
    try:
        answer = (await ask(cloud, vm.host_id, commands.reboot(vm.instance_name)))[0]
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Unable to reboot Instance {vm.uuid}: {error}") from error
    if not answer.result:
        raise ResourceUnavailableError(f"Unable to reboot Instance {vm.uuid}: {answer.details}")


async def publish(run: Run[RebootState]) -> TxnSpec:
    await finish_with(run, await current_vm(run))
    return TxnSpec("vm.rebooted")


class RebootVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.RebootVMCmdByAdmin",
    event="VM.REBOOT",
    instance_type="VirtualMachine",
):
    """Reboots an Instance on the host it runs on."""

    id: Id = param("the Instance", required=True, entity="vm")
    forced: bool = param("stop and start it instead of asking its system to reboot", default=False, since="4.16.0")
    bootintosetup: bool = param("boot into the firmware's menu; not for KVM", default=False, since="4.15.0.0")

    FLOW = Flow(RebootState, Step("reboot", reboot), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        if self.bootintosetup and vm.hypervisor == "KVM":
            raise ParameterError("bootintosetup: KVM hosts cannot boot an Instance into its firmware's menu")
        return admitted(self, vm, RebootState(vm_id=vm.id, forced=self.forced), "rebooting Instance")
