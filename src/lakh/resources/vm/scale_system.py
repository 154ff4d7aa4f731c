"""scaleSystemVm: another system offering for a stopped system VM."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.resize import RESIZE_VM
from lakh.resources.vm.row import SECONDARY_STORAGE, VmRow
from lakh.resources.vm.system_access import admitted_system, finish_with_system, system_vm
from lakh.resources.vm.system_view import SystemVmView
from lakh.store.statement import TxnSpec


class ScaleState(State):
    """The offering that the VM gets."""

    vm_id: int
    offering_id: int


async def resize(run: Run[ScaleState]) -> TxnSpec:
    """The new size, which the next start uses, and the job's result."""
    vm = await current_vm(run)
    if vm.state != "Stopped":
        raise InternalError(f"Unable to scale system VM {vm.instance_name}: it is {vm.state}; stop it first")
    offering = (await run.cloud.snapshots.of(ServiceOfferingRow)).by_id[run.state.offering_id]
    after = resized(vm, offering)
    await finish_with_system(run, after)
    return TxnSpec("vm.scale_system").add(
        RESIZE_VM, vm.id, vm.state, vm.cpus, vm.speed_mhz, vm.memory_mb, after.service_offering_id, after.cpus,
        after.speed_mhz, after.memory_mb, after.ha_enabled, after.limit_cpu_use, after.details_json,
        run.cloud.now_ms(),
    )  # fmt: skip


def resized(vm: VmRow, offering: ServiceOfferingRow) -> VmRow:
    """The VM with that offering's size."""
    return msgspec.structs.replace(
        vm,
        service_offering_id=offering.id,
        cpus=offering.cpus or vm.cpus,
        speed_mhz=offering.speed_mhz or vm.speed_mhz,
        memory_mb=offering.memory_mb or vm.memory_mb,
        limit_cpu_use=offering.limit_cpu_use,
    )


class ScaleSystemVm(
    JobCommand,
    roles=ADMIN,
    answer=SystemVmView,
    response="changeserviceforsystemvmresponse",
    java_class="org.apache.cloudstack.api.command.admin.systemvm.ScaleSystemVMCmd",
    event="VM.UPGRADE",
    instance_type="SystemVm",
):
    """Gives a stopped system VM another offering."""

    id: Id = param("the system VM", required=True, entity="vm")
    serviceofferingid: Id = param("the offering, one for system VMs of its kind", required=True,
                                  entity="service_offering")  # fmt: skip
    details: Details = param("sizes, for a custom offering")

    FLOW = Flow(ScaleState, Step("resize", resize, commits=True))

    async def admit(self, call: Call) -> Admission:
        vm = await system_vm(call, self.id)
        offering = (await call.cloud.snapshots.of(ServiceOfferingRow)).by_id[self.serviceofferingid]
        kind = "secondarystoragevm" if vm.type == SECONDARY_STORAGE else "consoleproxy"
        if offering.removed_ms is not None or not offering.is_system or offering.system_vm_type != kind:
            raise ParameterError(f"Service offering {offering.name} is not one for system VMs of type {kind}")
        if vm.state != "Stopped":
            raise ParameterError(f"Unable to scale system VM {vm.instance_name}: it is {vm.state}; stop it first")
        return admitted_system(self, vm, ScaleState(vm_id=vm.id, offering_id=offering.id), "scaling system VM")
