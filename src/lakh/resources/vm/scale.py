"""scaleVirtualMachine: another offering, while the VM runs where it may.

The new size is committed first, with the capacity it needs, and taken back when the host refuses: so no other VM gets
the room meanwhile. Once the host has agreed, or may have, the new size stays whatever fails then: nothing shrinks while
it runs, and a size that only the host knew would let others have its room.
"""

from __future__ import annotations

import msgspec

from lakh.base.errors import InsufficientCapacityError, InternalError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Details, Id, Long
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.host.reach import ask
from lakh.resources.host.row import CAPACITY
from lakh.resources.limit.charge import limit_error
from lakh.resources.vm.access import admitted, current_vm, finish_with, user_vm
from lakh.resources.vm.launch import machine_of
from lakh.resources.vm.least import least_of
from lakh.resources.vm.resize import growth, resize, resize_columns, resized
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError
from lakh.wire.commands import vm as commands


class Shape(msgspec.Struct):
    """The columns that a resize changes."""

    service_offering_id: int
    cpus: int
    speed_mhz: int
    memory_mb: int
    ha_enabled: bool
    limit_cpu_use: bool
    details_json: str

    @classmethod
    def of(cls, vm: VmRow) -> Shape:
        return cls(**{name: getattr(vm, name) for name in cls.__struct_fields__})

    def on(self, vm: VmRow) -> VmRow:
        return msgspec.structs.replace(vm, **msgspec.structs.asdict(self))


class ScaleState(State):
    """`old` is what the VM had before the new size was committed. `agreed`: its host has the new one, or may."""

    vm_id: int
    new: Shape
    old: Shape | None = None
    agreed: bool = False


async def size(run: Run[ScaleState]) -> TxnSpec:
    """Commits the new size. Raises InternalError for a VM that cannot be scaled as it is."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if vm.state == "Running":
        _check_running(run, vm)
    elif vm.state != "Stopped":
        raise InternalError(f"Unable to scale Instance {vm.uuid}: it is {vm.state}")
    state.old = Shape.of(vm)
    txn, after = TxnSpec("vm.scale"), state.new.on(vm)
    await resize(cloud, txn, vm, after)
    run.when_committed(lambda: resize_columns(cloud, vm, after))
    attempts = run.memory["attempts"] = run.memory.get("attempts", 0) + 1
    if attempts > 1:  # the store refused: say why, if it is a limit or the host that is full
        await _explain(run, vm)
    return txn


def _check_running(run: Run[ScaleState], vm: VmRow) -> None:
    if not vm.dynamic_scaling or not run.cloud.part(Settings).flag("enable.dynamic.scale.vm", ("Zone", vm.zone_id)):
        raise InternalError(
            f"Unable to scale Instance {vm.uuid} while it runs: dynamic scaling is not enabled for it; stop it first"
        )
    new = run.state.new
    if new.cpus < vm.cpus or new.memory_mb < vm.memory_mb or new.speed_mhz < vm.speed_mhz:
        raise InternalError(f"Only scaling up is possible while Instance {vm.uuid} runs; stop it first")


async def _explain(run: Run[ScaleState], vm: VmRow) -> None:
    cloud, after = run.cloud, run.state.new.on(vm)
    guard = GuardFailedError("vm.scale", "resource_count.charge", 1, 0)
    error = await limit_error(cloud, guard, vm.account_id, vm.domain_id, growth(vm, after))
    if error is not guard:
        raise error
    for host in await cloud.store.rows(CAPACITY, vm.host_id or 0):
        mhz = after.cpus * after.speed_mhz - vm.cpus * vm.speed_mhz
        memory_bytes = (after.memory_mb - vm.memory_mb) << 20
        full = mhz > 0 and host.cpu_used_mhz + mhz > host.cpu_total_mhz * host.cpu_overcommit
        room_bytes = host.memory_total_bytes * host.memory_overcommit - host.memory_used_bytes
        if full or (memory_bytes > 0 and memory_bytes > room_bytes):
            raise InsufficientCapacityError(
                f"Unable to scale Instance {vm.uuid}: its host has no room for the new size; migrate it first"
            )


async def unsize(run: Run[ScaleState]) -> TxnSpec:
    """The old size again, unless the host has the new one."""
    cloud, state, txn = run.cloud, run.state, TxnSpec("vm.unscale")
    if state.old is None or state.agreed:
        return txn
    vm = await current_vm(run)
    before = state.old.on(vm)
    if Shape.of(vm) == state.new:
        await resize(cloud, txn, vm, before, guarded=False)
        run.when_committed(lambda: resize_columns(cloud, vm, before))
    return txn


async def scale(run: Run[ScaleState]) -> None:
    """Tells the host. Idempotent: the command names the size, not a change."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if vm.host_id is None:
        return
    machine = await machine_of(cloud, vm, vm.host_id, await cloud.store.rows(VOLUMES_OF_VM, vm.id))
    least = await least_of(cloud, vm, vm.host_id)
    command = commands.scale(
        machine,
        vm_name=vm.instance_name,
        cpus=vm.cpus,
        min_speed_mhz=least.speed_mhz,
        max_speed_mhz=vm.speed_mhz,
        min_memory_bytes=least.memory_bytes,
        max_memory_bytes=vm.memory_mb << 20,
        limit_cpu_use_change=state.old is not None and state.old.limit_cpu_use != vm.limit_cpu_use,
    )
    try:
        answer = (await ask(cloud, vm.host_id, command))[0]
    except HostUnreachableError as error:
        state.agreed = error.sent
        raise ResourceUnavailableError(f"Unable to scale Instance {vm.uuid}: {error}") from error
    if not answer.result:
        raise ResourceUnavailableError(f"Unable to scale Instance {vm.uuid}: {answer.details}")
    state.agreed = True


async def publish(run: Run[ScaleState]) -> TxnSpec:
    await finish_with(run, await current_vm(run))
    return TxnSpec("vm.scaled")


class ScaleVirtualMachine(
    JobCommand,
    answer=UserVmView,
    java_class="org.apache.cloudstack.api.command.admin.vm.ScaleVMCmdByAdmin",
    event="VM.UPGRADE",
    instance_type="VirtualMachine",
):
    """Gives an Instance another service offering; up only, while it runs."""

    id: Id = param("the Instance", required=True, entity="vm")
    serviceofferingid: Id = param("its new service offering", required=True, entity="service_offering")
    details: Details = param("the size for a custom offering: [0].cpuNumber, .cpuSpeed, .memory")
    automigrate: bool = param("move its disks where the offering's storage tags ask it", since="4.17", default=True)
    miniops: Long | None = param("least IOPS of its root disk", since="4.17")
    maxiops: Long | None = param("most IOPS of its root disk", since="4.17")
    shrinkok: bool = param("let its root disk shrink", since="4.17", default=False)

    FLOW = Flow(
        ScaleState,
        Step("size", size, unsize, commits=True),
        Step("scale", scale),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        vm = await user_vm(call, self.id)
        after = await resized(call, vm, self.serviceofferingid, self.details)
        return admitted(self, vm, ScaleState(vm_id=vm.id, new=Shape.of(after)), "scaling Instance")
