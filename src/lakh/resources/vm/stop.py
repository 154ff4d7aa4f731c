"""stopVirtualMachine."""

from __future__ import annotations

from lakh.base.errors import PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.halt import HaltState, stop_on_host, stopped, stopping, unstopping
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec


async def publish(run: Run[HaltState]) -> TxnSpec:
    """Stopped, and the job's result."""
    txn = TxnSpec("vm.stopped")
    vm = stopped(run, await current_vm(run), txn)
    await finish_with(run, vm)
    return txn


class StopVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.StopVMCmdByAdmin",
    event="VM.STOP",
    instance_type="VirtualMachine",
):
    """Stops an Instance. Its disks, networks and addresses stay with it."""

    id: Id = param("the Instance", required=True, entity="vm")
    forced: bool = param("count it as stopped even when its host does not answer or refuses", default=False)

    FLOW = Flow(
        HaltState,
        Step("stopping", stopping, unstopping, commits=True),
        Step("stop", stop_on_host),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        if self.forced and not may_force(call, vm.account_id):
            raise PermissionDeniedError("Parameter forced is not allowed for this account")
        return admitted(self, vm, HaltState(vm_id=vm.id, forced=self.forced), "stopping Instance")


def may_force(call: Call, account_id: int) -> bool:
    """Users may force a stop where `allow.user.force.stop.vm` lets them."""
    allowed = call.cloud.part(Settings).flag("allow.user.force.stop.vm", ("Account", account_id))
    return call.caller.is_admin or allowed
