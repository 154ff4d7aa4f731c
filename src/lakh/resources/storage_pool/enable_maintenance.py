"""enableStorageMaintenance: instances with disks on a pool are stopped, then its hosts let go of it.

The instances are remembered, and cancelStorageMaintenance starts them again.
"""

from __future__ import annotations

import asyncio

import msgspec

from lakh.base import limits
from lakh.base.errors import ApiError, InternalError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.storage_pool.connect import modify_command
from lakh.resources.storage_pool.hosts import hosts_in_reach, on_each
from lakh.resources.storage_pool.row import SET_DETAILS, StoragePoolRow
from lakh.resources.storage_pool.states import move, next_status
from lakh.resources.storage_pool.view import STOPPED, StoragePoolView, pool_views
from lakh.resources.vm.row import BY_IDS, DOMAIN_ROUTER, USER, VmRow
from lakh.store.statement import TxnSpec, statement

INSTANCES = statement(
    "volume.instances_on_pool",
    "SELECT DISTINCT vm_id FROM volume WHERE pool_id = $1 AND removed_ms IS NULL AND vm_id IS NOT NULL",
)
HALTED = ("Stopped", "Destroyed", "Expunging", "Error")


class MaintenanceState(State):
    pool_id: int


STOPS = {USER: "stopVirtualMachine", DOMAIN_ROUTER: "stopRouter"}
"""The command that stops an instance of a type; system VMs have one of their own."""


async def running_on(run: Run[MaintenanceState]) -> list[VmRow]:
    """Instances with a disk on the pool that are not stopped."""
    ids = [row[0] for row in await run.cloud.store.read(INSTANCES, run.state.pool_id)]
    return [vm for vm in await run.cloud.store.rows(BY_IDS, ids) if vm.state not in HALTED] if ids else []


async def begin(run: Run[MaintenanceState]) -> TxnSpec:
    """Commits PrepareForMaintenance: nothing new is placed there. Remembers what will be stopped, besides what an
    earlier try has stopped."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    txn = TxnSpec("storage_pool.prepare")
    if pool.status != "PrepareForMaintenance":
        move(txn, pool, "Maintain")
        details = msgspec.json.decode(pool.details_json, type=dict[str, str])
        before = [uuid for uuid in details.get(STOPPED, "").split(",") if uuid]
        running = [vm.uuid for vm in await running_on(run) if vm.type == USER]
        details[STOPPED] = ",".join(dict.fromkeys(before + running))
        txn.add(SET_DETAILS, pool.id, msgspec.json.encode(details).decode())
    return txn


async def stop_instances(run: Run[MaintenanceState]) -> None:
    """Stops them, a few at a time. Raises InternalError when some run on."""
    places = asyncio.Semaphore(limits.HOST_EVACUATING)
    await asyncio.gather(*(_stop(run, vm, places) for vm in await running_on(run)))
    if left := await running_on(run):
        names = ", ".join(vm.instance_name for vm in left[:10])
        raise InternalError(f"Unable to stop {len(left)} instances with disks on the pool: {names}")


async def _stop(run: Run[MaintenanceState], vm: VmRow, places: asyncio.Semaphore) -> None:
    command = STOPS.get(vm.type, "stopSystemVm")
    async with places:
        try:
            await run.child(command, f"stop:{vm.id}", id=vm.id)
        except ApiError:
            return  # counted when all have tried


async def let_go(run: Run[MaintenanceState]) -> None:
    """Has the hosts unmount it; one that does not hear it keeps a mount that nothing uses."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")

    async def unmount(host_id: int) -> None:
        await run.cloud.hosts.call(host_id, [modify_command(pool, add=False)])

    await on_each(run.cloud, await hosts_in_reach(run.cloud, pool), unmount)


async def enter(run: Run[MaintenanceState]) -> TxnSpec:
    """Commits Maintenance; the pool is the job's result."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    txn = TxnSpec("storage_pool.maintenance")
    after = msgspec.structs.replace(pool, status=move(txn, pool, "Maintained"))
    run.finish(result_json(run, (await pool_views(run.cloud, [after]))[0], run.job.command))
    return txn


async def failed(run: Run[MaintenanceState]) -> TxnSpec:
    """The pool waits for an operator, and takes nothing meanwhile."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    txn = TxnSpec("storage_pool.maintenance.failed")
    if pool.status == "PrepareForMaintenance":
        move(txn, pool, "MaintainFailed")
    return txn


class EnableStorageMaintenance(
    JobCommand,
    roles=ADMIN,
    answer=StoragePoolView,
    response="prepareprimarystorageformaintenanceresponse",
    event="MAINT.PREPARE.PS",
    instance_type="StoragePool",
    java_class="org.apache.cloudstack.api.command.admin.storage.PreparePrimaryStorageForMaintenanceCmd",
):
    """Puts a storage pool into maintenance. Instances with disks on it are stopped."""

    id: Id = param("the pool", required=True, entity="storage_pool")

    FLOW = Flow(
        MaintenanceState,
        Step("begin", begin, commits=True),
        Step("stop", stop_instances),
        Step("let-go", let_go),
        Step("enter", enter, commits=True),
        failed=failed,
    )

    async def admit(self, call: Call) -> Admission:
        pool = await live(call.cloud, StoragePoolRow, self.id, "id")
        next_status(pool, "Maintain")
        return Admission(
            TxnSpec("enableStorageMaintenance"),
            MaintenanceState(pool_id=pool.id),
            instance=("StoragePool", pool.uuid),
            sync_key=f"storage_pool:{pool.id}",
            description=f"preparing storage pool: {pool.uuid} for maintenance",
        )
