"""migrateSystemVm: a running system VM to another host of its pod, with its addresses. Its agent stays connected."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Run
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.moving import MigrateState, arrived, check_destination, moving
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_view import SystemVmView
from lakh.store.statement import TxnSpec


async def publish(run: Run[MigrateState]) -> TxnSpec:
    """Running on the destination, and the job's result."""
    txn = TxnSpec("vm.system_migrated")
    await finish_with_system(run, await arrived(run, txn))
    return txn


class MigrateSystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.MigrateSystemVMCmd",
    event="VM.MIGRATE",
    instance_type="SystemVm",
):
    """Moves a running system VM to another host of its pod, while it runs."""

    virtualmachineid: Id = param("the system VM", required=True, entity="vm")
    hostid: Id | None = param("the host to move it to; chosen by default", entity="host")
    storageid: Id | None = param("the pool to move its disk to", entity="storage_pool", since="4.16.0")
    autoselect: bool = param("choose the host where none is named", default=True, since="4.16.0")

    FLOW = moving(publish)

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.virtualmachineid, "virtualmachineid")
        if self.storageid is not None:
            raise ParameterError(
                "storageid: destroy the system VM instead; the cloud makes another one on a pool it finds"
            )
        check_destination(call, vm, self.hostid, autoselect=self.autoselect)
        facts = call.cloud.part(HostIndex).facts
        here, there = facts.get(vm.host_id or 0), facts.get(self.hostid or 0)
        if here is not None and there is not None and here.pod_id != there.pod_id:
            raise ParameterError(
                f"hostid: host {there.name} is in another pod, where the system VM's addresses are not valid; stop it,"
                " and start it there"
            )
        state = MigrateState(
            vm_id=vm.id, wanted_host_id=self.hostid, wanted_pod_id=here.pod_id if here is not None else None
        )
        return admitted_system(self, vm, state, "migrating system VM")
