"""Steps that end a VM for good: its files and its routers' entries first, then its rows, addresses, space and counts.

What hosts are told is idempotent and comes before the commit, so a VM that is half gone is Expunging and can be
expunged again. Data disks are not the VM's: they are detached and stay; those that a caller names are destroyed, as by
a destroyVolume of each, before any file is touched.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run
from lakh.resources.affinity_group.row import LEAVE_ALL as LEAVE_AFFINITY_GROUPS
from lakh.resources.host.reach import must
from lakh.resources.limit.charge import release_owner
from lakh.resources.limit.row import Usage
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.prepare import release_nics
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import REMOVE_OF_VM
from lakh.resources.security_group.membership import gone as leave_security_groups
from lakh.resources.storage_pool.endpoint import endpoint
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.tag.row import DELETE_ALL as DELETE_TAGS
from lakh.resources.vm.halt import release_host
from lakh.resources.vm.reservation import end, forget, reservation_of
from lakh.resources.vm.row import SEEN, VmRow
from lakh.resources.vm.states import GONE, move
from lakh.resources.vm.views import TAGGED_AS
from lakh.resources.volume.end import end_volume
from lakh.resources.volume.on_pool import delete_command
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import VolumeRow
from lakh.store.statement import TxnSpec, statement

DETACH = statement(
    "volume.detach_of_gone",
    "UPDATE volume SET vm_id = NULL, device_id = NULL, attached_ms = NULL, updated_ms = $2"
    " WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE_VM = statement(
    "vm.remove",
    "UPDATE vm SET removed_ms = $2, updated_ms = $2 WHERE id = $1 AND state = 'Expunging' AND removed_ms IS NULL",
)


async def give_up_vm(run: Run[Any], vm: VmRow, txn: TxnSpec, *, expunge: bool) -> VmRow:
    """Adds the moves to Destroyed, or on to Expunging, with what the VM then no longer takes; returns it as it will be.

    `run.state` is a HaltState. What counts as a VM is given back once, when it is destroyed; its disks count on.
    """
    cloud = run.cloud
    if vm.state == "Stopping":
        vm = release_host(run, vm, txn, "OperationSucceeded")
    elif vm.state not in GONE and (kept := await reservation_of(cloud, vm)) is not None:
        end(txn, kept)
        run.when_committed(partial(forget, cloud, kept))
    if vm.state not in GONE:
        vm = move(txn, vm, "DestroyRequested", cloud.now_ms())
        usage = Usage(user_vm=1, cpu=vm.cpus, memory=vm.memory_mb)
        await release_owner(cloud, txn, vm.account_id, vm.domain_id, usage)
    if vm.state == "Error" or (expunge and vm.state == "Destroyed"):
        vm = move(txn, vm, "ExpungeOperation", cloud.now_ms())
    return vm


async def erase_on_hosts(run: Run[Any], vm: VmRow, volumes: list[VolumeRow]) -> None:
    """Takes the VM's leases off routers and deletes the volumes' files.

    What raises (ResourceUnavailableError, HostUnreachableError) is to be repeated.
    """
    cloud = run.cloud
    await release_nics(cloud, vm)
    pools = await cloud.snapshots.of(StoragePoolRow)
    for volume in volumes:
        if volume.pool_id is not None:
            pool = pools.by_id[volume.pool_id]
            await must(cloud, endpoint(cloud, pool, vm.last_host_id), delete_command(volume, pool))


async def root_disks(cloud: Cloud, vm: VmRow) -> list[VolumeRow]:
    """The volumes that go with the VM."""
    return [volume for volume in await cloud.store.rows(VOLUMES_OF_VM, vm.id) if volume.type == "ROOT"]


async def remove_volumes(cloud: Cloud, txn: TxnSpec, volumes: list[VolumeRow]) -> None:
    """Adds the end of these volumes' rows, with their pool space and counts."""
    for volume in volumes:
        await end_volume(cloud, txn, volume)


async def remove_vm(run: Run[Any], txn: TxnSpec, vm: VmRow) -> None:
    """Adds the end of an Expunging VM's rows: NICs and addresses go, its data disks are detached."""
    cloud, now_ms = run.cloud, run.cloud.now_ms()
    for volume in await cloud.store.rows(VOLUMES_OF_VM, vm.id):
        if volume.type != "ROOT":
            txn.add(DETACH, volume.id, now_ms)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id)
    txn.add(REMOVE_OF_VM, vm.id, now_ms, expect=len(nics))
    run.when_committed(lambda: cloud.part(GuestAddresses).give_back_all(nics))
    if any(nic.security_group_enabled for nic in nics):
        leave_security_groups(txn, vm.id)
    txn.add(SEEN, [vm.id], expect=None)
    txn.add(DELETE_TAGS, TAGGED_AS, vm.id, expect=None)
    txn.add(LEAVE_AFFINITY_GROUPS, vm.id, expect=None)
    txn.add(REMOVE_VM, vm.id, now_ms)
