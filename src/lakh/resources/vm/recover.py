"""recoverVirtualMachine: a destroyed VM that is not expunged yet is Stopped again."""

from __future__ import annotations

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.limit.row import Usage
from lakh.resources.vm.access import may_expunge, user_vm
from lakh.resources.vm.states import move
from lakh.resources.vm.view import UserVmView
from lakh.resources.vm.views import user_vm_views
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


class RecoverVirtualMachine(
    SyncCommand, answer=UserVmView, java_class="org.apache.cloudstack.api.command.admin.vm.RecoverVMCmd"
):
    """Recovers a destroyed Instance. It is stopped, and counts again."""

    id: Id = param("the Instance", required=True, entity="vm")

    async def run(self, call: Call) -> UserVmView:
        cloud = call.cloud
        vm = await user_vm(call, self.id)
        if not may_expunge(call, vm.account_id):
            raise PermissionDeniedError("Recovering an Instance is for admins only: the account may not recover")
        if vm.state != "Destroyed":
            raise ParameterError(f"Unable to recover Instance {vm.uuid}: it is {vm.state}, and only a destroyed one is")
        usage = Usage(user_vm=1, cpu=vm.cpus, memory=vm.memory_mb)
        txn = TxnSpec("vm.recover")
        await charge_owner(cloud, txn, vm.account_id, vm.domain_id, usage)
        vm = move(txn, vm, "RecoveryRequested", cloud.now_ms())
        owner, what = (vm.account_id, vm.domain_id), ("VirtualMachine", vm.uuid)
        text = f"Recovered Instance {vm.name}"
        txn.put(INSERT_EVENT, event(cloud, "VM.RECOVER", "Completed", text, call.caller.user_id, owner, what))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as lost:
            raise await limit_error(cloud, lost, vm.account_id, vm.domain_id, usage) from lost
        return (await user_vm_views(cloud, [vm], call.caller))[0]
