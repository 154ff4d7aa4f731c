"""migrateVirtualMachine: a running VM to another host."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Run
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.vm.access import admitted, finish_with, user_vm
from lakh.resources.vm.moving import MigrateState, arrived, check_destination, moving
from lakh.resources.vm.view import UserVmView
from lakh.store.statement import TxnSpec


async def publish(run: Run[MigrateState]) -> TxnSpec:
    """Running on the destination, and the job's result."""
    txn = TxnSpec("vm.migrated")
    await finish_with(run, await arrived(run, txn))
    return txn


class MigrateVirtualMachine(
    JobCommand,
    roles=ADMIN,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.MigrateVMCmd",
    event="VM.MIGRATE",
    instance_type="VirtualMachine",
):
    """Moves a running Instance to another host, while it runs."""

    virtualmachineid: Id = param("the Instance", required=True, entity="vm")
    hostid: Id | None = param("the host to move it to; chosen by default", entity="host")
    storageid: Id | None = param("the pool to move a stopped Instance's disks to", entity="storage_pool")
    autoselect: bool = param("choose the host where none is named", since="4.16.0", default=True)

    FLOW = moving(publish)

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.virtualmachineid, "virtualmachineid")
        if self.storageid is not None:
            raise ParameterError("storageid: move the disks of a stopped Instance one by one with migrateVolume")
        check_destination(call, vm, self.hostid, autoselect=self.autoselect)
        state = MigrateState(vm_id=vm.id, wanted_host_id=self.hostid)
        return admitted(self, vm, state, "migrating Instance")
