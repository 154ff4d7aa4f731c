"""Instances of a host that is gone for good: they no longer run, and their host holds nothing for them.

A highly available one starts elsewhere, by a job that is stored with its stop: a server that dies here forgets neither.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lakh.base.errors import PermissionDeniedError, ServiceUnavailableError
from lakh.base.log import logger
from lakh.catalogue.states import machine
from lakh.contract.declaration import spec_of
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import Call, JobCommand, admit_job, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import RELEASE
from lakh.resources.system import SYSTEM_CALLER
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.vm.availability import is_restarted
from lakh.resources.vm.row import ON_HOST, VmRow
from lakh.resources.vm.states import guard_size, move
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError

log = logger(__name__)

LOST = "AgentReportStopped"


async def stop_lost(
    cloud: Cloud, host_id: int, why: str, *, fenced: Callable[[VmRow], Awaitable[bool]] | None = None
) -> list[VmRow]:
    """Running instances of the host become Stopped, each with an event; returns them as they are now.

    Those that a job is moving through another state are left to that job: it meets a host that does not answer.
    `fenced` says of each whether it is sure not to run any more; without it the caller vouches for all.
    """
    index = cloud.part(HostIndex)
    stopped: list[VmRow] = []
    for vm in await cloud.store.rows(ON_HOST, host_id):
        if vm.state != "Running" or not machine("VirtualMachine.State").allows(vm.state, LOST):
            continue
        if fenced is not None and not await fenced(vm):
            continue
        txn = TxnSpec("vm.lost")
        after = move(txn, vm, LOST, cloud.now_ms(), host_id=None)
        guard_size(txn, vm)
        txn.add(RELEASE, host_id, vm.cpus * vm.speed_mhz, vm.cpus, vm.memory_mb << 20)
        text = f"Instance {vm.name} was stopped: {why}"
        owner = (vm.account_id, vm.domain_id)
        user = SYSTEM_USER if vm.account_id == SYSTEM_ACCOUNT else vm.user_id
        txn.put(
            INSERT_EVENT,
            event(cloud, "VM.STOP", "Completed", text, user, owner, ("VirtualMachine", vm.uuid), "WARN"),
        )
        try:
            if is_restarted(cloud, vm, host_id):
                await _restart(cloud, vm, txn)
            else:
                await cloud.store.submit(txn)
        except GuardFailedError:
            log.info("instance moved on meanwhile", vm=vm.instance_name)
            continue
        except ServiceUnavailableError as error:
            log.warning("instance waits to be restarted", vm=vm.instance_name, reason=error.text)
            continue
        if host_id in index.columns:
            index.columns.release(host_id, vm.cpus * vm.speed_mhz, vm.memory_mb << 20, vm.account_id)
        stopped.append(after)
    return stopped


async def _restart(cloud: Cloud, vm: VmRow, txn: TxnSpec) -> None:
    """Stores `txn` with the job that starts the instance again; alone where nothing of its owner may start."""
    declaration = spec_of("startVirtualMachine").declaration
    assert issubclass(declaration, JobCommand)
    try:
        await admit_job(declaration(id=vm.id), Call(cloud, SYSTEM_CALLER), beside=txn)
    except PermissionDeniedError:
        await cloud.store.submit(txn)
