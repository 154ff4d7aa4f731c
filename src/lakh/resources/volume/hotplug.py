"""A disk given to a VM, or taken from it, while it runs; of one that does not run no host needs to know."""

from __future__ import annotations

from typing import Final

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.transfer import disk_to
from lakh.resources.volume.row import VolumeRow
from lakh.wire.commands import vm as vm_commands
from lakh.wire.commands import volume as commands
from lakh.wire.message import Message

NOT_THERE: Final = "not attached"
"""What hosts say of a disk that the VM does not have: it was taken before a crash, or before a lost answer."""

STILL_THERE: Final = "already"
"""What hosts say of a disk that the VM has."""


async def plug(
    cloud: Cloud, vm: VmRow, volume: VolumeRow, *, patience_seconds: float = limits.HOST_PATIENCE_SECONDS
) -> Message | None:
    """Gives the VM the disk; its host's answer, None where nobody had to be asked. Raises HostUnreachableError."""
    if vm.state != "Running" or vm.host_id is None or volume.pool_id is None:
        return None
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
    command = commands.attach(disk_to(volume, pool, vm.instance_name), vm_name=vm.instance_name)
    return (await ask(cloud, vm.host_id, command, patience_seconds=patience_seconds))[0]


async def unplug(cloud: Cloud, vm: VmRow, volume: VolumeRow) -> str:
    """Takes the disk from the VM. Returns why it still has it, or nothing. Raises HostUnreachableError."""
    if vm.state != "Running" or vm.host_id is None or volume.pool_id is None:
        return ""
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[volume.pool_id]
    command = commands.detach(disk_to(volume, pool, vm.instance_name), vm_name=vm.instance_name)
    answer = (await ask(cloud, vm.host_id, command))[0]
    return "" if answer.result or NOT_THERE in answer.details else answer.details or "its host refused"


async def has_power(cloud: Cloud, vm: VmRow) -> bool:
    """Whether the VM's host runs it, as far as anybody can say. Raises HostUnreachableError."""
    host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
    if host is None or host.status == "Down":
        return False
    answer = (await ask(cloud, host.id, vm_commands.check(vm.instance_name)))[0]
    return not (answer.result and answer.body.get("state") == "PowerOff")
