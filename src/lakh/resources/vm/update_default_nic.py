"""updateDefaultNicForVirtualMachine."""

from __future__ import annotations

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec, statement

SET_DEFAULT = statement(
    "nic.set_default", "UPDATE nic SET is_default = (id = $2) WHERE vm_id = $1 AND removed_ms IS NULL"
)


class NicState(State):
    """`before_id` was the default NIC before."""

    vm_id: int
    nic_id: int
    before_id: int = 0


async def change(run: Run[NicState]) -> TxnSpec:
    """Commits the change of all the VM's NICs."""
    vm = await current_vm(run)
    if vm.state not in ("Running", "Stopped"):
        raise InternalError(f"Unable to change the default NIC of Instance {vm.uuid}: it is {vm.state}")
    nics = await run.cloud.store.rows(NICS_OF_VM, vm.id)
    if all(nic.id != run.state.nic_id for nic in nics):
        raise InternalError(f"The NIC is no longer one of Instance {vm.uuid}")
    run.state.before_id = next((nic.id for nic in nics if nic.is_default), 0)
    return TxnSpec("nic.default").add(SET_DEFAULT, vm.id, run.state.nic_id, expect=len(nics))


async def change_back(run: Run[NicState]) -> TxnSpec:
    """The NIC that was the default one is it again, if it is still there."""
    state, txn = run.state, TxnSpec("nic.default_back")
    nics = await run.cloud.store.rows(NICS_OF_VM, state.vm_id)
    if any(nic.id == state.before_id for nic in nics):
        txn.add(SET_DEFAULT, state.vm_id, state.before_id, expect=len(nics))
    return txn


async def publish(run: Run[NicState]) -> TxnSpec:
    await finish_with(run, await current_vm(run))
    return TxnSpec("nic.default_set")


class UpdateDefaultNicForVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.UpdateDefaultNicForVMCmdByAdmin",
    event="NIC.UPDATE",
    instance_type="VirtualMachine",
):
    """Makes another of an Instance's NICs its default one."""

    virtualmachineid: Id = param("the Instance", required=True, entity="vm")
    nicid: Id = param("the NIC", required=True, entity="nic")

    FLOW = Flow(NicState, Step("change", change, change_back, commits=True), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.virtualmachineid, "virtualmachineid")
        nics = await call.cloud.store.rows(NICS_OF_VM, vm.id)
        nic = next((n for n in nics if n.id == self.nicid), None)
        if nic is None:
            raise ParameterError(f"nicid must be a NIC of Instance {vm.uuid}")
        if nic.is_default:
            raise ParameterError(f"NIC {nic.uuid} is the default one of Instance {vm.uuid} already")
        return admitted(self, vm, NicState(vm_id=vm.id, nic_id=nic.id), "changing the default NIC of Instance")
