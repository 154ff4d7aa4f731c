"""Steps that move a running VM to another host (agent-protocol 4.3; addendum 1.8). All kinds of VMs share them.

Reserved there and Migrating, prepared there, moved, looked for there; then Running there. Whatever fails, the
destination is asked first: a VM that arrived has migrated, also when the answer was lost. Otherwise the destination
rolls back and the VM is Running where it was.
"""

from __future__ import annotations

from functools import partial

import msgspec

from lakh.base.errors import InternalError, ParameterError, ResourceUnavailableError
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.flow import Again, Do, Flow, Run, Step
from lakh.placement.tenants import SHARED
from lakh.resources.command import Call
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.host.row import IN_SERVICE, RELEASE, RESERVE
from lakh.resources.security_group.row import MARK_VM
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.choose_host import choose_host
from lakh.resources.vm.launch import LaunchState, machine_of
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.states import move
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as commands

MIGRATE_SECONDS = 10800
"""`migratewait` of a busy VM: an hour per pass over its memory, three passes."""

DESTINATIONS = 3
"""Hosts that are tried, where none is named, until one is ready to receive the VM."""


class MigrateState(LaunchState):
    """`host_id` is the destination, `source_id` where it runs."""

    source_id: int = 0


async def reserve(run: Run[MigrateState]) -> TxnSpec:
    """Takes capacity of the destination; the VM is Migrating."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if vm.state == "Migrating" and state.tries:  # the undoing of the last try is part of this commit
        vm = msgspec.structs.replace(vm, state="Running")
    if vm.state != "Running" or vm.host_id is None:
        raise InternalError(f"Unable to migrate Instance {vm.uuid}: it is {vm.state}, and only a running one migrates")
    index = cloud.part(HostIndex)
    await index.load()
    if state.host_id:  # proposed before and refused by the store: memory was behind
        refused, state.host_id = state.host_id, 0
        _release_columns(run, vm, refused)
        await index.refresh_usage(refused)
    state.source_id = vm.host_id
    if vm.host_id not in state.avoid:
        state.avoid.append(vm.host_id)
    plan, affinity = await choose_host(run, vm, await cloud.store.rows(VOLUMES_OF_VM, vm.id))
    state.host_id = plan.host_id
    _reserve_columns(run, vm, plan.host_id, plan.tenant)
    size = (vm.cpus * vm.speed_mhz, vm.cpus, vm.memory_mb << 20)
    txn = TxnSpec("vm.migrate").add(RESERVE, plan.host_id, *size, plan.tenant)
    txn.add(IN_SERVICE, plan.host_id)
    affinity.guard(txn)
    move(txn, vm, "MigrationRequested", cloud.now_ms())
    return txn


async def unreserve(run: Run[MigrateState]) -> TxnSpec:
    """Running where it was, or on the destination if it has arrived there after all."""
    txn, state, vm = TxnSpec("vm.migrate.failed"), run.state, await current_vm(run)
    if vm.state != "Migrating" or not state.host_id:
        return txn
    taken_out = run.memory.get("left", False)  # by the last step, before its commit failed
    tenant = run.memory.get("tenant", SHARED)
    if await _is_there_by_now(run, vm):
        move(txn, vm, "OperationSucceeded", run.cloud.now_ms(), host_id=state.host_id)
        left = state.source_id
        if not taken_out:
            run.when_committed(partial(_release_columns, run, vm, left))
    else:
        move(txn, vm, "OperationFailed", run.cloud.now_ms())
        left = state.host_id
        run.when_committed(partial(_release_columns, run, vm, left))
        if taken_out:
            run.when_committed(partial(_reserve_columns, run, vm, state.source_id, tenant))
    txn.add(RELEASE, left, vm.cpus * vm.speed_mhz, vm.cpus, vm.memory_mb << 20)
    run.memory["left"] = False
    state.host_id = 0
    return txn


async def _is_there_by_now(run: Run[MigrateState], vm: VmRow) -> bool:
    """A destination that is away is believed not to have it: power sync knows better once it is back. One that will
    not say is asked again: raises ResourceUnavailableError."""
    check = commands.check(vm.instance_name)
    try:
        answer = (await ask(run.cloud, run.state.host_id, check, patience_seconds=5))[0]
    except HostUnreachableError:
        return False
    if not answer.result:
        name = run.cloud.part(HostIndex).name_of(run.state.host_id)
        raise ResourceUnavailableError(f"Host {name} does not say whether it runs {vm.instance_name}")
    return answer.body.get("state") == "PowerOn"


async def forget(run: Run[MigrateState]) -> TxnSpec:
    """Takes a reservation out of memory that was never committed."""
    if run.state.host_id:
        _release_columns(run, await current_vm(run), run.state.host_id)
        run.state.host_id = 0
    return TxnSpec("vm.migrate.forgotten")


def _reserve_columns(run: Run[MigrateState], vm: VmRow, host_id: int, tenant: int) -> None:
    columns = run.cloud.part(HostIndex).columns
    columns.reserve(host_id, vm.cpus * vm.speed_mhz, vm.memory_mb << 20, vm.account_id, tenant=tenant)


def _release_columns(run: Run[MigrateState], vm: VmRow, host_id: int) -> None:
    columns = run.cloud.part(HostIndex).columns
    if host_id in columns:
        columns.release(host_id, vm.cpus * vm.speed_mhz, vm.memory_mb << 20, vm.account_id)


async def prepare(run: Run[MigrateState]) -> None:
    """The destination gets ready to receive the VM."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if await _has_arrived(run, vm):
        return
    machine = await machine_of(cloud, vm, state.host_id, await cloud.store.rows(VOLUMES_OF_VM, vm.id))
    answer = (await ask(cloud, state.host_id, commands.prepare_for_migration(machine)))[0]
    if answer.result:
        return
    state.tries += 1
    if state.wanted_host_id is None and state.tries < DESTINATIONS:
        state.avoid.append(state.host_id)
        raise Again("reserve", answer.details)
    raise ResourceUnavailableError(f"Unable to migrate Instance {vm.uuid}: {answer.details}")


async def unprepare(run: Run[MigrateState]) -> None:
    """The destination forgets the VM. One that is away has nothing to forget when it comes back."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    machine = await machine_of(cloud, vm, state.host_id, await cloud.store.rows(VOLUMES_OF_VM, vm.id))
    try:
        await ask(cloud, state.host_id, commands.prepare_for_migration(machine, rollback=True), patience_seconds=5)
    except HostUnreachableError:
        return


async def migrate(run: Run[MigrateState]) -> None:
    """The source sends the VM. Raises ResourceUnavailableError when it did not arrive."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    if await _has_arrived(run, vm):
        return
    destination = cloud.part(HostIndex).facts[state.host_id]
    command = commands.migrate(
        await machine_of(cloud, vm, state.host_id, await cloud.store.rows(VOLUMES_OF_VM, vm.id)),
        vm_name=vm.instance_name,
        destination_ip=destination.private_ip,
        host_guid=destination.guid,
        auto_convergence=cloud.part(Settings).flag("kvm.auto.convergence"),
        wait_seconds=MIGRATE_SECONDS,
    )
    try:
        answer = (await ask(cloud, state.source_id, command, timeout_seconds=MIGRATE_SECONDS))[0]
        refused = "" if answer.result else answer.details or "its host refused"
    except HostUnreachableError as error:
        refused = str(error)
    if not await _has_arrived(run, vm):
        raise ResourceUnavailableError(
            f"Unable to migrate Instance {vm.uuid} to host {destination.name}: {refused or 'it did not arrive there'}"
        )


async def _has_arrived(run: Run[MigrateState], vm: VmRow) -> bool:
    answer = (await ask(run.cloud, run.state.host_id, commands.check(vm.instance_name)))[0]
    return answer.result and answer.body.get("state") == "PowerOn"


async def arrived(run: Run[MigrateState], txn: TxnSpec) -> VmRow:
    """Adds Running on the destination, with the source's capacity given back; returns the VM as it will be."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    after = move(txn, vm, "OperationSucceeded", cloud.now_ms(), host_id=state.host_id)
    txn.add(RELEASE, state.source_id, vm.cpus * vm.speed_mhz, vm.cpus, vm.memory_mb << 20)
    txn.add(MARK_VM, vm.id, expect=None)  # its new host must be told the rules of its security groups
    if not run.memory.get("left"):
        run.memory["left"] = True
        columns = cloud.part(HostIndex).columns
        run.memory["tenant"] = columns.usage(state.source_id).tenant if state.source_id in columns else SHARED
        _release_columns(run, vm, state.source_id)
    return after


def check_destination(call: Call, vm: VmRow, host_id: int | None, *, autoselect: bool) -> None:
    """Raises ParameterError for a named host that the VM cannot move to, or where none may be chosen."""
    if host_id is None:
        if not autoselect:
            raise ParameterError("Either hostid must be specified or autoselect must be true")
        return
    host = call.cloud.part(HostIndex).facts.get(host_id)
    if host is None or host.type != ROUTING:
        raise ParameterError("Unable to find the host to migrate the Instance to by hostid")
    if host.id == vm.host_id:
        raise ParameterError(f"Unable to migrate Instance {vm.uuid}: it is on host {host.name} already")
    if host.zone_id != vm.zone_id:
        raise ParameterError(f"Unable to migrate Instance {vm.uuid}: host {host.name} is in another zone")


def moving(publish: Do[MigrateState]) -> Flow[MigrateState]:
    """The whole move; `publish` makes the VM Running there and the job's result, in words of its kind of VM."""
    return Flow(
        MigrateState,
        Step("reserve", reserve, unreserve, commits=True),
        Step("prepare", prepare, unprepare),
        Step("migrate", migrate),
        Step("publish", publish, commits=True),
        failed=forget,
    )
