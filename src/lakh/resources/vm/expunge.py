"""expungeVirtualMachine: the end of a destroyed VM. Also run for those whose `expunge.delay` is over."""

from __future__ import annotations

from lakh.base.errors import InternalError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.vm.access import admitted, current_vm, may_expunge, user_vm
from lakh.resources.vm.erase import erase_on_hosts, give_up_vm, remove_vm, remove_volumes, root_disks
from lakh.resources.vm.halt import HaltState
from lakh.resources.vm.states import GONE
from lakh.store.statement import TxnSpec


async def expunging(run: Run[HaltState]) -> TxnSpec:
    """State Expunging: the VM cannot be recovered any more."""
    vm = await current_vm(run)
    if vm.state not in GONE:
        raise InternalError(f"Unable to expunge Instance {vm.uuid}: it is {vm.state}; destroy it first")
    txn = TxnSpec("vm.expunging")
    await give_up_vm(run, vm, txn, expunge=True)
    return txn


async def erase(run: Run[HaltState]) -> None:
    """Deletes the root disks' files."""
    vm = await current_vm(run)
    await erase_on_hosts(run, vm, await root_disks(run.cloud, vm))


async def publish(run: Run[HaltState]) -> TxnSpec:
    """The rows' end."""
    cloud, txn = run.cloud, TxnSpec("vm.expunged")
    vm = await current_vm(run)
    await remove_volumes(cloud, txn, await root_disks(cloud, vm))
    await remove_vm(run, txn, vm)
    run.finish(result_json(run, Success(), run.job.command))
    return txn


class ExpungeVirtualMachine(
    JobCommand,
    answer=Success,
    java_class="org.apache.cloudstack.api.command.admin.vm.ExpungeVMCmd",
    event="VM.EXPUNGE",
    instance_type="VirtualMachine",
):
    """Removes a destroyed Instance for good, with its root disk."""

    id: Id = param("the Instance", required=True, entity="vm")

    FLOW = Flow(
        HaltState,
        Step("expunging", expunging, commits=True),
        Step("erase", erase),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        if not may_expunge(call, vm.account_id):
            raise PermissionDeniedError("Expunging an Instance is for admins only: the account may not expunge")
        return admitted(self, vm, HaltState(vm_id=vm.id), "expunging Instance")
