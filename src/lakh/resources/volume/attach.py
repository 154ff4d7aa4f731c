"""attachVolume: a disk to an Instance; its file is made now if it was never attached (addendum 1.5)."""

from __future__ import annotations

from typing import Final

import msgspec

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Long
from lakh.jobs.flow import Flow, Run, Step
from lakh.resources.command import Admission, Call, JobCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.host.silence import FileState, worker_of
from lakh.resources.hypervisor.row import HypervisorCapabilityRow
from lakh.resources.storage_pool.choose import choose_pool
from lakh.resources.storage_pool.connect import reaches
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import GIVE_BACK, TAKE, StoragePoolRow
from lakh.resources.vm.access import current_vm, user_vm
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.access import admitted, current_volume, finish_with, owned_volume
from lakh.resources.volume.hotplug import has_power, plug, unplug
from lakh.resources.volume.on_pool import create_on_pool, delete_from_pool
from lakh.resources.volume.row import ATTACH, ATTACHED, DETACH, OF_VM, OFF_POOL, ON_POOL, VolumeRow
from lakh.resources.volume.view import VolumeView
from lakh.store.statement import TxnSpec

ROOT_DEVICE: Final = 0
CD_DEVICE: Final = 3
"""The device of an Instance's CD drive; disks leave it out."""


class AttachState(FileState, kw_only=True):
    """`pool_id` is chosen here for a volume that was on none; `path` and `size_bytes` are of the file made there."""

    volume_id: int
    vm_id: int
    wanted_device_id: int | None = None
    device_id: int = 0
    pool_id: int | None = None
    path: str = ""
    size_bytes: int = 0


async def reserve(run: Run[AttachState]) -> TxnSpec:
    """The volume is the Instance's, Attaching or Creating; a new one takes its pool's space."""
    cloud, state = run.cloud, run.state
    vm, volume = await current_vm(run), await current_volume(run)
    check_vm(vm, volume, state.wanted_device_id)
    disks = await cloud.store.rows(OF_VM, vm.id)
    if volume.type == "DATADISK":
        await check_count(run, vm, disks)
    state.device_id = free_device(disks, state.wanted_device_id)
    now_ms, txn = cloud.now_ms(), TxnSpec("volume.attaching")
    target = "Attaching" if volume.state == "Ready" else volume.state
    txn.add(ATTACH, volume.id, volume.state, vm.id, state.device_id, target, now_ms, volume.size_bytes)
    state.pool_id = None
    if volume.pool_id is None and _has_disks(disks):
        pool = await choose_pool(cloud, volume, *_place_of(run, vm, disks), asked_by=run.job.account_id)
        state.pool_id, state.worker_id = pool.id, endpoint(cloud, pool, vm.host_id)
        txn.add(ON_POOL, volume.id, pool.id, now_ms).add(TAKE, pool.id, volume.size_bytes)
    elif volume.pool_id is not None:
        await _check_reach(run, vm, volume)
    return txn


async def unreserve(run: Run[AttachState]) -> TxnSpec:
    """Nobody's again, and on the pool only if it was."""
    volume = await current_volume(run)
    now_ms, txn = run.cloud.now_ms(), TxnSpec("volume.unattached")
    txn.add(DETACH, volume.id, run.state.vm_id, "Ready" if volume.path else "Allocated", now_ms)
    if run.state.pool_id is not None:
        txn.add(OFF_POOL, volume.id, now_ms).add(GIVE_BACK, run.state.pool_id, volume.size_bytes)
    return txn


async def create(run: Run[AttachState]) -> None:
    """Makes the volume's file, on the Instance's host or another one of the pool."""
    cloud, state = run.cloud, run.state
    volume = await current_volume(run)
    if volume.pool_id is None or volume.path is not None:
        return
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
    state.path, state.size_bytes = await create_on_pool(run, volume, pool, worker_of(run, pool))


async def uncreate(run: Run[AttachState]) -> None:
    """Deletes the file that was made here."""
    volume = await current_volume(run)
    if run.state.pool_id is None:
        return
    pool = (await run.cloud.snapshots.of(StoragePoolRow)).by_id[run.state.pool_id]
    await delete_from_pool(run, volume, pool, run.state.worker_id)


async def attach(run: Run[AttachState]) -> None:
    """Tells the host of a running Instance; of a stopped one nobody needs to know yet."""
    vm, volume = await current_vm(run), await _made(run)
    try:
        answer = await plug(run.cloud, vm, volume)
    except HostUnreachableError as error:
        raise ResourceUnavailableError(f"Failed to attach volume {volume.name} to {vm.name}: {error}") from error
    if answer is None:
        return
    if not answer.result:
        raise InternalError(f"Failed to attach volume {volume.name} to {vm.name}: {answer.details}")
    sequence = (answer.body.get("disk") or {}).get("diskSeq")
    if sequence is not None:
        run.state.device_id = int(sequence)


async def detach(run: Run[AttachState]) -> None:
    """Makes sure that a running Instance does not have the disk, for as long as that takes: its file may be deleted
    next. Raises ResourceUnavailableError to be repeated."""
    vm, volume = await current_vm(run), await _made(run)
    if vm.host_id is not None and not await has_power(run.cloud, vm):
        return
    if refused := await unplug(run.cloud, vm, volume):
        raise ResourceUnavailableError(f"Volume {volume.name} does not leave {vm.name}: {refused}")


async def _made(run: Run[AttachState]) -> VolumeRow:
    """The volume with the file that this run made."""
    volume, state = await current_volume(run), run.state
    if not state.path:
        return volume
    return msgspec.structs.replace(volume, path=state.path, size_bytes=state.size_bytes)


async def publish(run: Run[AttachState]) -> TxnSpec:
    """Ready where it has a file, and the job's result."""
    volume = await _made(run)
    state = "Ready" if volume.path else "Allocated"
    now_ms = run.cloud.now_ms()
    after = msgspec.structs.replace(volume, state=state, device_id=run.state.device_id, updated_ms=now_ms)
    await finish_with(run, after)
    return TxnSpec("volume.attached").add(
        ATTACHED, volume.id, run.state.vm_id, state, after.device_id, after.path, after.size_bytes, now_ms
    )


# --- checks ----------------------------------------------------------------------------------------------------------
def check_vm(vm: VmRow, volume: VolumeRow, wanted: int | None) -> None:
    """Raises ParameterError for an Instance that the volume cannot be attached to, or a volume that cannot be. A root
    disk goes to device 0 of a stopped Instance that lost its own."""
    if volume.vm_id is not None:
        raise ParameterError("Please specify a volume that is not attached to any VM.")
    if volume.state not in ("Allocated", "Ready"):
        raise ParameterError(f"Volume state must be in Allocated, Ready or in Uploaded state; it is {volume.state}")
    if (volume.type == "ROOT") != (wanted == ROOT_DEVICE):
        raise ParameterError(
            f"deviceId {ROOT_DEVICE} is the root disk's: a root disk is attached with it, a data disk with another one,"
            " or none"
        )
    if volume.type == "ROOT" and vm.state != "Stopped":
        raise ParameterError("Please specify a VM that is stopped: a root disk is attached to no other")
    if vm.state not in ("Running", "Stopped"):
        raise ParameterError("Please specify a VM that is either running or stopped.")
    if vm.zone_id != volume.zone_id:
        raise ParameterError("Please specify a VM that is in the same zone as the volume.")
    if vm.account_id != volume.account_id:
        raise ParameterError("Please specify a VM of the volume's owner: they belong to different accounts")


async def check_count(run: Run[AttachState], vm: VmRow, disks: list[VolumeRow]) -> None:
    """Raises ParameterError when the Instance has as many data disks as its hypervisor bears."""
    known = await run.cloud.snapshots.of(HypervisorCapabilityRow)
    limits = [c.max_data_volumes for c in known if c.hypervisor == vm.hypervisor and c.max_data_volumes]
    most = max(limits, default=6)
    if sum(1 for disk in disks if disk.type == "DATADISK") >= most:
        raise ParameterError(
            f"The specified VM already has the maximum number of data disks ({most}) attached."
            " Please specify another VM."
        )


def free_device(disks: list[VolumeRow], wanted: int | None) -> int:
    """The device id for a new disk. Raises ParameterError for a wanted one that cannot be had."""
    taken = {disk.device_id for disk in disks}
    if wanted is None:
        return next(number for number in range(1, 1 << 16) if number not in taken and number != CD_DEVICE)
    if wanted == CD_DEVICE:
        raise ParameterError(f"deviceId {CD_DEVICE} is the CD drive's; give another one, or none")
    if wanted < 0 or wanted > 65535:
        raise ParameterError(f"Invalid deviceId {wanted}: give a number from 1 to 65535, or none")
    if wanted in taken:
        raise ParameterError(f"deviceId {wanted} is used by another volume of the VM; give another one, or none")
    return wanted


def _has_disks(disks: list[VolumeRow]) -> bool:
    """True once the Instance has run: its root disk has a file. Before that, its first start makes all of them."""
    return any(disk.type == "ROOT" and disk.path is not None for disk in disks)


def _place_of(run: Run[AttachState], vm: VmRow, disks: list[VolumeRow]) -> tuple[int, int]:
    """(pod id, cluster id) where the Instance runs or last ran."""
    fact = run.cloud.part(HostIndex).facts.get(vm.host_id or vm.last_host_id or 0)
    if fact is not None and fact.pod_id is not None and fact.cluster_id is not None:
        return fact.pod_id, fact.cluster_id
    return vm.pod_id or 0, 0


async def _check_reach(run: Run[AttachState], vm: VmRow, volume: VolumeRow) -> None:
    """Raises ParameterError for a pool that the host of a running Instance does not reach."""
    if vm.state != "Running":
        return
    pool = (await run.cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id or 0]
    fact = run.cloud.part(HostIndex).facts[vm.host_id or 0]
    if not reaches(pool, vm.zone_id, fact.cluster_id):
        raise ParameterError(
            f"Host {fact.name} does not reach storage pool {pool.name} of the volume: migrate the volume first"
        )


class AttachVolume(
    JobCommand,
    answer=VolumeView,
    java_class="org.apache.cloudstack.api.command.admin.volume.AttachVolumeCmdByAdmin",
    event="VOLUME.ATTACH",
    instance_type="Volume",
):
    """Attaches a data disk to an Instance, running or stopped; or its root disk again, to a stopped one."""

    id: Id = param("the volume", required=True, entity="volume")
    virtualmachineid: Id = param("the Instance", required=True, entity="vm")
    deviceid: Long | None = param(
        "its device there, from 1 but not 3, or 0 for a root disk; the first free one by default"
    )

    FLOW = Flow(
        AttachState,
        Step("reserve", reserve, unreserve, commits=True),
        Step("create", create, uncreate),
        Step("attach", attach, detach),
        Step("publish", publish, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        volume = await owned_volume(call, self.id)
        vm = await user_vm(call, self.virtualmachineid, "virtualmachineid")
        check_vm(vm, volume, self.deviceid)
        free_device(await call.cloud.store.rows(OF_VM, vm.id), self.deviceid)
        state = AttachState(volume_id=volume.id, vm_id=vm.id, wanted_device_id=self.deviceid)
        return admitted(self, volume, state, f"attaching volume to Instance {vm.uuid}", line=f"vm:{vm.id}")
