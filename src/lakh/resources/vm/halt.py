"""Steps that take a VM off its host: stopping, stop, and what the last commit says. Stopping and destroying share them.

A host that refuses, or cannot be reached, leaves the VM Running and fails the job. `forced` counts it as stopped, and
remembers in the same commit that the host may run it still (`leftover.py`): it is stopped there before it starts
anywhere, and by power sync as soon as the host reports it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lakh.base.errors import InternalError, ResourceUnavailableError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Run, State
from lakh.resources.host.index import HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.host.row import RELEASE
from lakh.resources.vm.access import current_vm
from lakh.resources.vm.leftover import is_dead, leave
from lakh.resources.vm.reservation import is_kept, keep
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.states import GONE, move
from lakh.store.statement import TxnSpec
from lakh.wire.commands import vm as commands

UNDO_PATIENCE_SECONDS = 5.0

log = logger(__name__)


class HaltState(State):
    """`host_id` is where the VM runs while it is Stopping; 0 when there is nothing to stop. `left`: nobody knows
    whether its host runs it still."""

    vm_id: int
    forced: bool = False
    host_id: int = 0
    left: bool = False


def host_is_away(cloud: Cloud, vm: VmRow) -> bool:
    """Whether to force the end of a VM of ours: a host that is there must stop it, one that is not cannot."""
    return vm.host_id is not None and not cloud.hosts.is_connected(vm.host_id)


async def stopping(run: Run[Any]) -> TxnSpec:
    """Commits state Stopping; a VM that does not run is left as it is."""
    cloud, state = run.cloud, run.state
    vm = await current_vm(run)
    state.host_id = 0
    txn = TxnSpec("vm.stopping")
    if vm.state == "Stopped" or vm.state in GONE:
        return txn
    if vm.state not in ("Running", "Stopping") or vm.host_id is None:
        raise InternalError(f"Unable to stop Instance {vm.uuid}: it is {vm.state}; wait until that has ended")
    move(txn, vm, "StopRequested", cloud.now_ms())
    state.host_id = vm.host_id
    return txn


async def unstopping(run: Run[Any]) -> TxnSpec:
    """Running, where its host still runs it; Stopped where it stopped and what came after failed."""
    txn = TxnSpec("vm.unstopping")
    vm = await current_vm(run)
    if not run.state.host_id or vm.state != "Stopping":
        return txn
    if await _has_stopped(run, vm):
        run.state.left = False
        release_host(run, vm, txn, "OperationSucceeded", keeps=is_kept(run.cloud, vm))
    else:
        move(txn, vm, "OperationFailed", run.cloud.now_ms())
    return txn


async def _has_stopped(run: Run[Any], vm: VmRow) -> bool:
    """What its host says. One that does not tell is believed to run it: power sync finds out."""
    check = commands.check(vm.instance_name)
    try:
        answer = (await ask(run.cloud, run.state.host_id, check, patience_seconds=UNDO_PATIENCE_SECONDS))[0]
    except HostUnreachableError:
        return False
    return answer.result and answer.body.get("state") == "PowerOff"


async def stop_on_host(run: Run[Any]) -> None:
    """Stops the domain. Raises ResourceUnavailableError when the host does not and the stop is not forced."""
    cloud, state = run.cloud, run.state
    if not state.host_id:
        return
    vm = await current_vm(run)
    dead = is_dead(cloud, state.host_id)
    refused = "its host is down" if dead else await _refusal(cloud, state, vm)
    state.left = bool(refused) and not dead
    if refused and not state.forced:
        raise ResourceUnavailableError(f"Unable to stop Instance {vm.uuid}: {refused}")
    if refused:
        log.warning("forced stop without the host", vm=vm.instance_name, host=state.host_id, reason=refused)


async def _refusal(cloud: Cloud, state: Any, vm: VmRow) -> str:
    """Why the host does not stop the domain; empty when it did."""
    try:
        answer = (await ask(cloud, state.host_id, commands.stop(vm.instance_name, force=state.forced)))[0]
    except HostUnreachableError as error:
        return str(error)
    return "" if answer.result else answer.details or "the host refused"


def stopped(run: Run[Any], vm: VmRow, txn: TxnSpec) -> VmRow:
    """Adds state Stopped, its place on the host kept for a while or given back; returns the VM as it will be."""
    if not run.state.host_id or vm.state != "Stopping":
        return vm
    return release_host(run, vm, txn, "OperationSucceeded", keeps=is_kept(run.cloud, vm))


def release_host(run: Run[Any], vm: VmRow, txn: TxnSpec, event: str, *, keeps: bool = False) -> VmRow:
    """Moves the VM by `event` to a state without a host, and gives back what it takes there; `keeps`: but its place."""
    cloud, host_id, now_ms = run.cloud, vm.host_id, run.cloud.now_ms()
    after = move(txn, vm, event, now_ms, host_id=None)
    if host_id is not None and run.state.left:
        leave(cloud, txn, vm)
    if host_id is not None:
        cpu_mhz, memory_bytes = vm.cpus * vm.speed_mhz, vm.memory_mb << 20
        if keeps:
            keep(txn, vm, host_id, now_ms)
        else:
            txn.add(RELEASE, host_id, cpu_mhz, vm.cpus, memory_bytes)
        freed = (0, 0) if keeps else (cpu_mhz, memory_bytes)
        run.when_committed(partial(_release_columns, cloud, vm, *freed))
    return after


def _release_columns(cloud: Cloud, vm: VmRow, cpu_mhz: int, memory_bytes: int) -> None:
    columns = cloud.part(HostIndex).columns
    if vm.host_id is not None and vm.host_id in columns:
        columns.release(vm.host_id, cpu_mhz, memory_bytes, vm.account_id)
