"""cancelStorageMaintenance: the hosts mount a pool again, and the instances that it stopped are started."""

from __future__ import annotations

import asyncio

import msgspec

from lakh.base import limits
from lakh.base.errors import ApiError, InternalError
from lakh.base.log import logger
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.jobs.progress import JobProgress
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.storage_pool.connecting import connect_each, tell_failures
from lakh.resources.storage_pool.hosts import hosts_in_reach
from lakh.resources.storage_pool.row import SET_DETAILS, StoragePoolRow
from lakh.resources.storage_pool.states import move, next_status
from lakh.resources.storage_pool.view import STOPPED, StoragePoolView, pool_views
from lakh.resources.vm.row import BY_UUID
from lakh.store.statement import TxnSpec

log = logger(__name__)


class CancelState(State):
    pool_id: int
    stopped: list[str] = []


async def mount_again(run: Run[CancelState]) -> None:
    """Raises InternalError when there are hosts and none of them can."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    hosts = await hosts_in_reach(run.cloud, pool)
    progress = run.cloud.part(JobProgress)
    try:
        failed = await connect_each(run.cloud, pool, hosts, lambda done: progress.tell(run.job.uuid, done, len(hosts)))
    finally:
        progress.forget(run.job.uuid)
    run.memory["failed"] = {host_id: error.reason for host_id, error in failed.items()}
    if hosts and len(failed) == len(hosts):
        raise InternalError(f"No host can mount storage pool {pool.name}: {next(iter(failed.values()))}")


async def bring_up(run: Run[CancelState]) -> TxnSpec:
    """Commits Up, and takes over who is to be started."""
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    txn = TxnSpec("storage_pool.up")
    move(txn, pool, "CancelMaintain")
    if failed := run.memory.get("failed"):
        txn.extend(await tell_failures(run.cloud, pool, failed))
    details = msgspec.json.decode(pool.details_json, type=dict[str, str])
    run.state.stopped = [uuid for uuid in details.pop(STOPPED, "").split(",") if uuid]
    txn.add(SET_DETAILS, pool.id, msgspec.json.encode(details).decode())
    return txn


async def start_instances(run: Run[CancelState]) -> None:
    """Starts what the maintenance stopped; one that does not start is left to its owner."""
    places = asyncio.Semaphore(limits.HOST_EVACUATING)
    await asyncio.gather(*(_start(run, uuid, places) for uuid in run.state.stopped))


async def _start(run: Run[CancelState], uuid: str, places: asyncio.Semaphore) -> None:
    async with places:
        rows = await run.cloud.store.rows(BY_UUID, uuid)
        if not rows or rows[0].removed_ms is not None or rows[0].state != "Stopped":
            return
        try:
            await run.child("startVirtualMachine", f"start:{rows[0].id}", id=rows[0].id)
        except ApiError as error:
            log.warning("instance not started after maintenance", vm=rows[0].instance_name, reason=error.text)


async def answer(run: Run[CancelState]) -> TxnSpec:
    pool = await live(run.cloud, StoragePoolRow, run.state.pool_id, "id")
    run.finish(result_json(run, (await pool_views(run.cloud, [pool]))[0], run.job.command))
    return TxnSpec("storage_pool.cancelled")


class CancelStorageMaintenance(
    JobCommand,
    roles=ADMIN,
    answer=StoragePoolView,
    response="cancelprimarystoragemaintenanceresponse",
    event="MAINT.CANCEL.PS",
    instance_type="StoragePool",
    java_class="org.apache.cloudstack.api.command.admin.storage.CancelPrimaryStorageMaintenanceCmd",
):
    """Takes a storage pool out of maintenance."""

    id: Id = param("the pool", required=True, entity="storage_pool")

    FLOW = Flow(
        CancelState,
        Step("mount", mount_again),
        Step("up", bring_up, commits=True),
        Step("start", start_instances),
        Step("answer", answer, commits=True),
    )

    async def admit(self, call: Call) -> Admission:
        pool = await live(call.cloud, StoragePoolRow, self.id, "id")
        next_status(pool, "CancelMaintain")
        return Admission(
            TxnSpec("cancelStorageMaintenance"),
            CancelState(pool_id=pool.id),
            instance=("StoragePool", pool.uuid),
            sync_key=f"storage_pool:{pool.id}",
            description=f"canceling maintenance for storage pool: {pool.uuid}",
        )
