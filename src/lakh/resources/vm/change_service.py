"""changeServiceForVirtualMachine: another offering for a stopped VM, at once."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Long
from lakh.resources.command import Call, SyncCommand, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.charge import limit_error
from lakh.resources.vm.access import user_vm
from lakh.resources.vm.resize import growth, resize, resized
from lakh.resources.vm.view import UserVmView
from lakh.resources.vm.views import user_vm_views
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


class ChangeServiceForVirtualMachine(
    SyncCommand, answer=UserVmView, java_class="org.apache.cloudstack.api.command.admin.vm.UpgradeVMCmdByAdmin"
):
    """Gives a stopped Instance another service offering."""

    id: Id = param("the Instance", required=True, entity="vm")
    serviceofferingid: Id = param("its new service offering", required=True, entity="service_offering")
    details: Details = param("the size for a custom offering: [0].cpuNumber, .cpuSpeed, .memory")
    automigrate: bool = param("move its disks where the offering's storage tags ask it", since="4.17", default=True)
    miniops: Long | None = param("least IOPS of its root disk", since="4.17")
    maxiops: Long | None = param("most IOPS of its root disk", since="4.17")
    shrinkok: bool = param("let its root disk shrink", since="4.17", default=False)

    async def run(self, call: Call) -> UserVmView:
        cloud = call.cloud
        vm = await user_vm(call, self.id)
        if vm.state != "Stopped":
            raise ParameterError(
                f"Unable to upgrade Instance {vm.uuid}: it is {vm.state}; stop it, or use scaleVirtualMachine"
            )
        after = await resized(call, vm, self.serviceofferingid, self.details)
        txn = TxnSpec("vm.change_service")
        await resize(cloud, txn, vm, after)
        owner, what = (vm.account_id, vm.domain_id), ("VirtualMachine", vm.uuid)
        text = f"Changed the service offering of Instance {vm.name}"
        txn.put(INSERT_EVENT, event(cloud, "VM.UPGRADE", "Completed", text, call.caller.user_id, owner, what))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as lost:
            raise await limit_error(cloud, lost, vm.account_id, vm.domain_id, growth(vm, after)) from lost
        return (await user_vm_views(cloud, [after], call.caller))[0]
