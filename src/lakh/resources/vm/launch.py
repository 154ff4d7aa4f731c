"""Steps that bring a VM to a host: reserve, network, disks, start. Deploying, starting and recovering a VM share them.

Reserving proposes a host from memory and commits it with a guarded UPDATE; a host that refuses or dies goes into the
avoid set and `Again("reserve")` tries the next one, up to `start.retry` times.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from lakh.base.errors import GoneError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Again, Run
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import HostRefusedError, ask
from lakh.resources.host.row import RELEASE, RESERVE
from lakh.resources.host.silence import SilenceState
from lakh.resources.network.cached import Networks
from lakh.resources.network.prepare import prepare_nics
from lakh.resources.nic.row import OF_VM as NICS_OF_VM
from lakh.resources.nic.row import NicRow
from lakh.resources.security_group.membership import started
from lakh.resources.storage_pool.choose import choose_pool
from lakh.resources.storage_pool.row import TAKE, StoragePoolRow
from lakh.resources.vm.choose_host import choose_host
from lakh.resources.vm.least import least_of
from lakh.resources.vm.leftover import end_leftover
from lakh.resources.vm.reservation import end, forget, keep, reservation_of
from lakh.resources.vm.row import BY_ID, FROM_STARTING, TO_RUNNING, TO_STARTING, VmRow
from lakh.resources.vm.transfer import disk_to, machine_to, nic_to, os_type_name
from lakh.resources.volume.on_pool import create_on_pool, delete_from_pool
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.resources.volume.row import ON_POOL, READY, VolumeRow
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as vm_commands
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields

log = logger(__name__)


class LaunchState(SilenceState, kw_only=True):
    """What a launch knows. `start` false: every step passes. `placed` maps volume ids to their pool, `paths` to what
    the host created. `last_host`: prefer where the VM last ran. `kept_since_ms`: it took over the place there that it
    had kept since it stopped. `grouped`: it may be in affinity groups; `secured`: in security groups."""

    vm_id: int
    start: bool = True
    host_id: int = 0
    avoid: list[int] = []
    tries: int = 0
    wanted_host_id: int | None = None
    wanted_pod_id: int | None = None
    wanted_cluster_id: int | None = None
    last_host: bool = False
    kept_since_ms: int = 0
    grouped: bool = True
    secured: bool = False
    planner: str | None = None
    password: str | None = None
    placed: dict[int, int] = {}
    paths: dict[int, tuple[str, int]] = {}


async def vm_of(run: Run[Any]) -> VmRow:
    """The VM's row as the run first read it; raises GoneError when it is gone."""
    found: VmRow | None = run.memory.get("vm")
    if found is None:
        rows = await run.cloud.store.rows(BY_ID, run.state.vm_id)
        if not rows or rows[0].removed_ms is not None:
            raise GoneError(f"Instance {run.state.vm_id} no longer exists")
        found = run.memory["vm"] = rows[0]
    return found


async def volumes_of(run: Run[Any]) -> list[VolumeRow]:
    """The VM's volumes as the run first read them, on the pools that it chose since."""
    found: list[VolumeRow] | None = run.memory.get("volumes")
    if found is None:
        found = run.memory["volumes"] = await run.cloud.store.rows(VOLUMES_OF_VM, run.state.vm_id)
    placed = run.state.placed
    return [msgspec.structs.replace(v, pool_id=placed[v.id]) if v.id in placed else v for v in found]


async def nics_of(run: Run[Any]) -> list[NicRow]:
    """The VM's NICs as the run first read them: none comes or goes while its line is held."""
    found: list[NicRow] | None = run.memory.get("nics")
    if found is None:
        found = run.memory["nics"] = await run.cloud.store.rows(NICS_OF_VM, run.state.vm_id)
    return found


# --- reserve ---------------------------------------------------------------------------------------------------------
async def reserve(run: Run[Any]) -> TxnSpec:
    """Picks a host and, for volumes without one, a pool; commits both with the VM's state Starting."""
    cloud, state = run.cloud, run.state
    if not state.start:
        return TxnSpec("vm.unreserved")
    index = cloud.part(HostIndex)
    await index.load()
    if state.host_id:
        await _refused(run)
    vm = await vm_of(run)
    txn = TxnSpec("vm.reserve")
    await end_leftover(cloud, txn, vm)
    own = await reservation_of(cloud, vm)
    plan, affinity = await choose_host(run, vm, await volumes_of(run), own)
    if own is not None and own.host_id == plan.host_id:
        end(txn, own)
        run.when_committed(partial(forget, cloud, own))
        state.kept_since_ms = own.since_ms
    cpu_mhz, memory_bytes = vm.cpus * vm.speed_mhz, vm.memory_mb << 20
    index.columns.reserve(plan.host_id, cpu_mhz, memory_bytes, vm.account_id, tenant=plan.tenant)
    state.host_id = plan.host_id
    now_ms = cloud.now_ms()
    txn.add(RESERVE, plan.host_id, cpu_mhz, vm.cpus, memory_bytes, plan.tenant)
    size = (vm.service_offering_id, vm.cpus, vm.speed_mhz, vm.memory_mb)
    txn.add(TO_STARTING, vm.id, plan.host_id, plan.pod_id, now_ms, *size)
    affinity.guard(txn)
    proposed = run.memory["proposed"] = []
    for volume in await volumes_of(run):
        if volume.pool_id is None:
            pool = await choose_pool(cloud, volume, plan.pod_id, plan.cluster_id, asked_by=run.job.account_id)
            state.placed[volume.id] = pool.id
            proposed.append(volume.id)
            txn.add(ON_POOL, volume.id, pool.id, now_ms)
            txn.add(TAKE, pool.id, volume.size_bytes)
    return txn


async def _refused(run: Run[Any]) -> None:
    """What was proposed before the store refused: memory, of hosts or of the VM, was behind."""
    state, vm, host_id = run.state, await vm_of(run), run.state.host_id
    _release_columns(run, vm, host_id)
    state.host_id = state.kept_since_ms = 0
    for volume_id in run.memory.pop("proposed", ()):
        del state.placed[volume_id]
    del run.memory["vm"]
    await run.cloud.part(HostIndex).refresh_usage(host_id)


async def unreserve(run: Run[Any]) -> TxnSpec:
    """Gives the host's capacity back, but a place kept since the VM stopped, and takes the VM off it.

    Volumes stay on their pool for the next try.
    """
    cloud, state = run.cloud, run.state
    if not state.start:
        return TxnSpec("vm.unreserved")
    vm = await vm_of(run)
    host_id = state.host_id
    if not host_id:  # one that is not to be started has reserved nothing
        return TxnSpec("vm.unreserve")
    kept_since_ms = state.kept_since_ms
    state.host_id = state.kept_since_ms = 0
    run.when_committed(lambda: _release_columns(run, vm, host_id, keeps=kept_since_ms > 0))
    txn = TxnSpec("vm.unreserve").add(FROM_STARTING, vm.id, host_id, cloud.now_ms())
    if kept_since_ms:
        keep(txn, vm, host_id, kept_since_ms)
    else:
        txn.add(RELEASE, host_id, vm.cpus * vm.speed_mhz, vm.cpus, vm.memory_mb << 20)
    return txn


def forget_reservation(run: Run[Any], vm: VmRow) -> None:
    """Takes a reservation out of memory that was never committed."""
    if run.state.host_id:
        _release_columns(run, vm, run.state.host_id)
        run.state.host_id = run.state.kept_since_ms = 0


def _release_columns(run: Run[Any], vm: VmRow, host_id: int, *, keeps: bool = False) -> None:
    columns = run.cloud.part(HostIndex).columns
    if host_id in columns:
        freed = (0, 0) if keeps else (vm.cpus * vm.speed_mhz, vm.memory_mb << 20)
        columns.release(host_id, *freed, vm.account_id)


# --- network and disks -----------------------------------------------------------------------------------------------
async def prepare_network(run: Run[Any]) -> None:
    """Implements the VM's networks where needed and tells their routers of it."""
    if not run.state.start:
        return
    nics = await nics_of(run)
    await prepare_nics(run, await vm_of(run), nics, run.state.password)
    run.state.secured = any(nic.security_group_enabled for nic in nics)


async def create_disks(run: Run[Any]) -> None:
    """Creates the VM's volumes that exist only on paper, on the host it will run on.

    One that says no, or was never reached, is avoided: failing here it would stay the emptiest, and draw all others.
    One that fell silent over it may make the file yet, so the launch ends.
    """
    cloud, state = run.cloud, run.state
    if not state.start:
        return
    pools = await cloud.snapshots.of(StoragePoolRow)
    for volume in await volumes_of(run):
        if volume.path is None and volume.id not in state.paths and volume.pool_id is not None:
            try:
                created = await create_on_pool(run, volume, pools.by_id[volume.pool_id], state.host_id)
            except HostRefusedError as refused:
                _next_host(run, await vm_of(run), refused.text)
                raise
            except HostUnreachableError as error:
                if not error.sent and not run.resumed:
                    _next_host(run, await vm_of(run), str(error))
                raise
            state.paths[volume.id] = created


async def delete_new_disks(run: Run[Any]) -> None:
    """Deletes the files that only this launch made, when it has failed for good; a retry elsewhere keeps them.

    Any host that reaches the pool does: the one chosen last may be gone, or there may have been no other to choose. One
    that did not answer when it was to make them is waited for.
    """
    pools = await run.cloud.snapshots.of(StoragePoolRow)
    for volume in await volumes_of(run):
        if volume.pool_id is not None and volume.path is None:
            pool = pools.by_id[volume.pool_id]
            await delete_from_pool(run, volume, pool, run.state.host_id)


# --- start -----------------------------------------------------------------------------------------------------------
async def start(run: Run[Any]) -> None:
    """Starts the domain on the reserved host; on refusal or silence goes on to another host."""
    cloud, state = run.cloud, run.state
    if not state.start:
        return
    vm = await vm_of(run)
    volumes = created_volumes(state, await volumes_of(run))
    await start_with(run, await start_command(cloud, vm, state.host_id, volumes, nics=await nics_of(run)))


async def start_with(run: Run[Any], command: Message, *then: Message) -> list[Message]:
    """Starts the domain by `command`; `then` are what its host must do in the same request once it runs.

    Returns the answers, all of them yes.
    """
    cloud, state = run.cloud, run.state
    vm = await vm_of(run)
    try:
        answers = await ask(cloud, state.host_id, command, *then)
        if not answers[0].result and await _runs_there(run, vm):
            # Started before a crash, or before an answer that was lost.
            answers = await ask(cloud, state.host_id, *then) if then else []
    except HostUnreachableError as error:
        _next_host(run, vm, str(error))
        raise
    refused = next((answer for answer in answers if not answer.result), None)
    if refused is None:
        return answers
    if (refused.body.get("contextMap") or {}).get("stopRetry"):
        raise ResourceUnavailableError(f"Unable to start Instance {vm.instance_name}: {refused.details}")
    _next_host(run, vm, refused.details)
    return answers


async def _runs_there(run: Run[Any], vm: VmRow) -> bool:
    check = vm_commands.check(vm.instance_name)
    answer = (await ask(run.cloud, run.state.host_id, check))[0]
    return answer.result and answer.body.get("state") == "PowerOn"


def _next_host(run: Run[Any], vm: VmRow, reason: str) -> None:
    """Raises Again, or the end of the road after start.retry attempts."""
    state = run.state
    state.tries += 1
    state.avoid.append(state.host_id)
    log.warning("host refused an instance", vm=vm.instance_name, host=state.host_id, reason=reason)
    run.memory["refused"] = reason
    if state.tries >= (run.cloud.part(Settings).integer("start.retry") or 10):
        raise ResourceUnavailableError(
            f"Unable to start Instance {vm.instance_name} after {state.tries} attempts; the last said: {reason}"
        )
    raise Again("reserve", reason)


async def unstart(run: Run[Any]) -> None:
    """Makes sure that the domain does not run on the reserved host, for as long as that takes: it may run there, and a
    VM must never run twice. Only a host that is known to be down needs no asking."""
    cloud, state = run.cloud, run.state
    host = cloud.part(HostIndex).facts.get(state.host_id)
    if host is None or host.status == "Down":
        return
    vm = await vm_of(run)
    answer = (await ask(cloud, state.host_id, vm_commands.stop(vm.instance_name, force=True)))[0]
    if not answer.result:
        raise ResourceUnavailableError(f"Unable to stop {vm.instance_name} on {host.name}: {answer.details}")


async def start_command(
    cloud: Cloud,
    vm: VmRow,
    host_id: int,
    volumes: list[VolumeRow],
    boot_arguments: str | None = None,
    nics: list[NicRow] | None = None,
) -> Message:
    """The StartCommand of a VM with its disks and NICs as they stand; system VMs are told who they are at boot."""
    machine = await machine_of(cloud, vm, host_id, volumes, boot_arguments, nics)
    return vm_commands.start(machine, host_ip=cloud.part(HostIndex).facts[host_id].private_ip)


async def machine_of(
    cloud: Cloud,
    vm: VmRow,
    host_id: int,
    volumes: list[VolumeRow],
    boot_arguments: str | None = None,
    nics: list[NicRow] | None = None,
) -> Fields:
    """The VM as that host is to know it, with disks and NICs as they stand; `nics` where they were read just now."""
    pools = await cloud.snapshots.of(StoragePoolRow)
    nics = await cloud.store.rows(NICS_OF_VM, vm.id) if nics is None else nics
    networks = await cloud.part(Networks).many(n.network_id for n in nics)
    disks = [disk_to(v, pools.by_id[v.pool_id], vm.instance_name) for v in volumes if v.pool_id is not None]
    nics_to = [nic_to(n, networks[n.network_id]) for n in nics]
    least = await least_of(cloud, vm, host_id)
    return machine_to(vm, os_type_name(vm.os_type_id), disks, nics_to, least, boot_arguments=boot_arguments)


def created_volumes(state: Any, volumes: list[VolumeRow]) -> list[VolumeRow]:
    """The volumes with the paths this launch created but has not stored yet."""
    return [
        msgspec.structs.replace(v, path=state.paths[v.id][0], size_bytes=state.paths[v.id][1], state="Ready")
        if v.id in state.paths
        else v
        for v in volumes
    ]


# --- publish ---------------------------------------------------------------------------------------------------------
def running(cloud: Cloud, state: Any) -> TxnSpec:
    """What makes the VM Running and its new volumes Ready."""
    now_ms = cloud.now_ms()
    txn = TxnSpec("vm.publish").add(TO_RUNNING, state.vm_id, state.host_id, now_ms)
    for volume_id, (path, size_bytes) in sorted(state.paths.items()):
        txn.add(READY, volume_id, path, size_bytes, now_ms)
    if state.secured:
        started(txn, state.vm_id)
    return txn
