"""startSystemVm."""

from __future__ import annotations

from lakh.base.errors import InternalError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.proposals import recheck_proposals
from lakh.resources.vm.launch import create_disks, forget_reservation, running, unreserve, unstart, vm_of
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_launch import (
    SystemLaunchState,
    install_certificate,
    new_keystore_password,
    reserve_system,
    start_system,
    started,
)
from lakh.resources.vm.system_view import SystemVmView
from lakh.store.statement import TxnSpec


async def begin(run: Run[SystemLaunchState]) -> TxnSpec:
    """Checks the state, then reserves."""
    vm = await vm_of(run)
    if vm.state not in ("Stopped", "Starting"):
        raise InternalError(f"Unable to start system VM {vm.instance_name}: it is {vm.state}")
    return await reserve_system(run)


async def publish(run: Run[SystemLaunchState]) -> TxnSpec:
    """Running, and the job's result."""
    txn = running(run.cloud, run.state)
    await finish_with_system(run, started(run, await vm_of(run)))
    return txn


async def give_up(run: Run[SystemLaunchState]) -> TxnSpec:
    """The VM stays stopped, with its disk."""
    await recheck_proposals(run)
    forget_reservation(run, await vm_of(run))
    return TxnSpec("vm.start_system.failed")


class StartSystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.StartSystemVMCmd",
    event="SSVM.START",
    instance_type="SystemVm",
):
    """Starts a stopped system VM."""

    id: Id = param("the system VM", required=True, entity="vm")

    FLOW = Flow(
        SystemLaunchState,
        Step("reserve", begin, unreserve, commits=True),
        Step("disks", create_disks),
        Step("start", start_system, unstart),
        Step("certificate", install_certificate),
        Step("publish", publish, commits=True),
        failed=give_up,
    )

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.id)
        state = SystemLaunchState(vm_id=vm.id, keystore_password=new_keystore_password(call.cloud))
        return admitted_system(self, vm, state, "starting system VM")
