"""prepareHostForMaintenance: a host takes no new instances, its instances move away, then it may be worked on.

An instance that cannot move leaves the host in ErrorInPrepareForMaintenance, with what moved already moved.
"""

from __future__ import annotations

import asyncio

import msgspec

from lakh.base import limits
from lakh.base.errors import ApiError, InternalError, ParameterError
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import ADMIN, COMMANDS, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.host.reach import ask
from lakh.resources.host.resource_state import live_host, move_by, next_state
from lakh.resources.host.row import HostRow
from lakh.resources.host.view import HostView, host_view
from lakh.resources.vm.row import ON_HOST, USER, VmRow
from lakh.store.statement import TxnSpec
from lakh.wire.commands import connection

MAINTAIN_SECONDS = 60.0


class MaintenanceState(State):
    host_id: int


async def begin(run: Run[MaintenanceState]) -> TxnSpec:
    """Commits PrepareForMaintenance: nothing new is placed here."""
    host = await live_host(run.cloud, run.state.host_id)
    txn = TxnSpec("host.prepare")
    if host.resource_state != "PrepareForMaintenance":
        move_by(run, txn, host, "AdminAskMaintenance")
    return txn


async def tell(run: Run[MaintenanceState]) -> None:
    """Tells the agent. One that is away need not know."""
    if not run.cloud.hosts.is_connected(run.state.host_id):
        return
    try:
        answers = await ask(run.cloud, run.state.host_id, connection.maintain(), timeout_seconds=MAINTAIN_SECONDS)
    except HostUnreachableError as error:
        raise InternalError(f"Unable to prepare for maintenance: {error}") from error
    if not answers[0].result:
        raise InternalError(f"Unable to prepare for maintenance: the host refused: {answers[0].details}")


async def evacuate(run: Run[MaintenanceState]) -> None:
    """Moves every instance away, a few at a time. Raises InternalError when some stay."""
    for attempt in range(limits.HOST_EVACUATIONS):
        left = await run.cloud.store.rows(ON_HOST, run.state.host_id)
        if not left:
            return
        places = asyncio.Semaphore(limits.HOST_EVACUATING)
        moves = [asyncio.create_task(_move_away(run, vm, attempt, places)) for vm in left]
        await asyncio.gather(*moves)
    left = await run.cloud.store.rows(ON_HOST, run.state.host_id)
    if left:
        names = ", ".join(vm.instance_name for vm in left[:10])
        raise InternalError(f"Unable to move {len(left)} instances away: {names}")


async def _move_away(run: Run[MaintenanceState], vm: VmRow, attempt: int, places: asyncio.Semaphore) -> None:
    command = "migrateVirtualMachine" if vm.type == USER else "migrateSystemVm"
    if command not in COMMANDS:
        return
    async with places:
        try:
            await run.child(command, f"move:{vm.id}:{attempt}", virtualmachineid=vm.id)
        except ApiError:
            return  # counted when all have tried


async def enter(run: Run[MaintenanceState]) -> TxnSpec:
    """Commits Maintenance; the host is the job's result."""
    host = await live_host(run.cloud, run.state.host_id)
    txn = TxnSpec("host.maintenance")
    host = msgspec.structs.replace(host, resource_state=move_by(run, txn, host, "InternalEnterMaintenance"))
    run.finish(result_json(run, await host_view(run.cloud, host), run.job.command))
    return txn


async def failed(run: Run[MaintenanceState]) -> TxnSpec:
    """The host waits for an operator, and takes nothing meanwhile."""
    host = await live_host(run.cloud, run.state.host_id)
    txn = TxnSpec("host.maintenance.failed")
    if host.resource_state == "PrepareForMaintenance":
        move_by(run, txn, host, "UnableToMigrate")
    return txn


class PrepareHostForMaintenance(
    JobCommand,
    roles=ADMIN,
    answer=HostView,
    event="MAINT.PREPARE",
    instance_type="Host",
    java_class="org.apache.cloudstack.api.command.admin.host.PrepareForHostMaintenanceCmd",
):
    """Prepares a host for maintenance."""

    id: Id = param("the host", required=True, entity="host")

    FLOW = Flow(
        MaintenanceState,
        Step("begin", begin, commits=True),
        Step("tell", tell),
        Step("evacuate", evacuate),
        Step("enter", enter, commits=True),
        failed=failed,
    )

    async def admit(self, call: Call) -> Admission:
        host = await live_host(call.cloud, self.id)
        _check(call, host)
        return Admission(
            TxnSpec("prepareHostForMaintenance"),
            MaintenanceState(host_id=host.id),
            instance=("Host", host.uuid),
            sync_key=f"host:{host.id}",
            description=f"preparing host: {host.uuid} for maintenance",
        )


def _check(call: Call, host: HostRow) -> None:
    next_state(host, "AdminAskMaintenance")
    if host.type != ROUTING:
        raise ParameterError(f"Host {host.name} is a {host.type}; only hosts of instances have a maintenance")
    for other in call.cloud.part(HostIndex).facts.values():
        if other.cluster_id == host.cluster_id and other.resource_state in (
            "PrepareForMaintenance",
            "ErrorInPrepareForMaintenance",
        ):
            raise ParameterError(
                f"There are other hosts in PrepareForMaintenance or ErrorInPrepareForMaintenance in the cluster:"
                f" {other.name}; finish or cancel their maintenance first"
            )
