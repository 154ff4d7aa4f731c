"""detachVolume."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Long
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.vm.access import current_vm, user_vm
from lakh.resources.vm.leftover import is_dead
from lakh.resources.vm.row import BY_ID as VM_BY_ID
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.hotplug import STILL_THERE, has_power, plug, unplug
from lakh.resources.volume.row import DETACH, OF_VM, VolumeRow
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec


class DetachState(State):
    """What is taken from which Instance."""

    volume_id: int
    vm_id: int


async def detach(run: Run[DetachState]) -> None:
    """Takes the disk from a running Instance; its host must say yes."""
    vm, volume = await current_vm(run), await current_volume(run)
    if volume.vm_id != vm.id:
        raise InternalError(f"Volume {volume.name} is not attached to Instance {vm.uuid} any more")
    try:
        refused = await unplug(run.cloud, vm, volume)
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Failed to detach volume {volume.name} from {vm.name}: {error}") from error
    if refused:
        raise InternalError(f"Failed to detach volume {volume.name} from {vm.name}: {refused}")


async def put_back(run: Run[DetachState]) -> None:
    """Gives the disk to the running Instance again, as the store says. Raises ResourceUnavailableError to be repeated.

    A host that is away is waited for, since it may have taken the disk already; one that is dead runs nothing.
    """
    vm, volume = await current_vm(run), await current_volume(run)
    if volume.vm_id != vm.id:
        return
    try:
        answer = await plug(run.cloud, vm, volume, patience_seconds=5)
        refused = answer is not None and not answer.result and STILL_THERE not in answer.details
        if refused and await has_power(run.cloud, vm):
            assert answer is not None
            raise ResourceUnavailableError(f"Volume {volume.name} does not go back to {vm.name}: {answer.details}")
    except HostUnreachableError:
        if not is_dead(run.cloud, vm.host_id):
            raise


async def publish(run: Run[DetachState]) -> TxnSpec:
    """Nobody's, and the job's result."""
    volume = await current_volume(run)
    now_ms = run.cloud.now_ms()
    state = "Ready" if volume.path else "Allocated"
    after = msgspec.structs.replace(
        volume, vm_id=None, device_id=None, attached_ms=None, state=state, updated_ms=now_ms
    )
    await finish_with(run, after)
    return TxnSpec("volume.detached").add(DETACH, volume.id, run.state.vm_id, state, now_ms)


class DetachVolume(
    JobCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.DetachVolumeCmdByAdmin",
    event="VOLUME.DETACH",
    instance_type="Volume",
):
    """Detaches a disk from its Instance: give the volume, or the Instance and the device."""

    id: Id | None = param("the volume", entity="volume")
    virtualmachineid: Id | None = param("the Instance; goes with deviceid", entity="vm")
    deviceid: Long | None = param("the device; goes with virtualmachineid")

    FLOW = Flow(DetachState, Step("detach", detach, put_back), Step("publish", publish, commits=True))

    async def admit(self, call: Call) -> Admission:
        volume = await self._volume(call)
        if volume.vm_id is None:
            raise ParameterError("The specified volume is not attached to a VM.")
        vm = (await call.cloud.store.rows(VM_BY_ID, volume.vm_id))[0]
        if vm.state not in ("Running", "Stopped", "Destroyed"):
            raise ParameterError("Please specify a VM that is either running or stopped.")
        if volume.type == "ROOT" and vm.state != "Stopped":
            raise ParameterError("Please specify a data volume; a root volume is detached from stopped Instances only")
        return admitted(self, volume, DetachState(volume_id=volume.id, vm_id=vm.id), "detaching volume")

    async def _volume(self, call: Call) -> VolumeRow:
        if (self.id is None) == (self.virtualmachineid is None or self.deviceid is None):
            raise ParameterError("Please provide either a volume id, or a tuple(device id, instance id)")
        if self.id is not None:
            return await owned_volume(call, self.id)
        vm = await user_vm(call, self.virtualmachineid or 0, "virtualmachineid")
        for disk in await call.cloud.store.rows(OF_VM, vm.id):
            if disk.device_id == self.deviceid:
                return disk
        raise ParameterError(f"Unable to find a volume with deviceid {self.deviceid} of Instance {vm.uuid}")
