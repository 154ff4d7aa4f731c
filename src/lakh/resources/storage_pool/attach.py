"""attachStoragePool, internal: a new pool's row, every host in reach connected to it, and then the pool is Up.

createStoragePool runs it where hosts are connected. It is a job, so that a server that dies among 50,000 hosts goes on
where it was: hosts that have answered are in the store, a few seconds' worth at a time. Instances are placed on the
pool once it is Up; a host that joins meanwhile, or was away, connects it by itself (host/connect.py).
"""

from __future__ import annotations

from typing import Final

import msgspec

from lakh.base import limits
from lakh.base.errors import InternalError
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.contract.declaration import param
from lakh.jobs.cloud import Cloud
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.jobs.progress import JobProgress
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import Admission, Call, JobCommand, event
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.live import live
from lakh.resources.storage_pool.connect import ConnectedPools, filer, reaches
from lakh.resources.storage_pool.connecting import EVENT, connect_each, named, tell_failures
from lakh.resources.storage_pool.hosts import Failure, hosts_in_reach, on_each
from lakh.resources.storage_pool.row import (
    DELETE_CAPACITY,
    DELETE_HOSTS,
    INSERT,
    INSERT_CAPACITY,
    StoragePoolCapacityRow,
    StoragePoolRow,
)
from lakh.resources.storage_pool.size import factor
from lakh.resources.storage_pool.states import move
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.zone.row import LIVE as LIVE_ZONE
from lakh.store.statement import TxnSpec, statement
from lakh.wire.commands import pool as pool_commands

log = logger(__name__)

_TOLD_SECONDS: Final = 10.0  # between two lines of the log about how far it is
_LOOK_SECONDS: Final = 0.5

ABANDON = statement(
    "storage_pool.abandon",
    "UPDATE storage_pool SET removed_ms = $2, status = 'Removed' WHERE id = $1 AND removed_ms IS NULL"
    " AND status = 'Initialized'",
)


class AttachState(State):
    """`hosts`: how many were connected when it was admitted."""

    pool_id: int
    hosts: int


async def create(run: Run[AttachState]) -> None:
    """One host makes the pool. After a restart the hosts come back first: without them nothing can be tried."""
    cloud = run.cloud
    pool = await live(cloud, StoragePoolRow, run.state.pool_id, "id")
    hosts = await _hosts_back(cloud, pool, run.state.hosts)
    for host_id in hosts[: limits.HOST_WITNESSES]:
        try:
            answer = (await cloud.hosts.call(host_id, [pool_commands.create(filer(pool))]))[0]
        except HostUnreachableError as error:
            log.warning("host did not make a pool", host_id=host_id, reason=str(error))
            continue
        if not answer.result:
            raise InternalError(f"Failed to add storage pool {pool.name}: {answer.details}")
        return
    raise InternalError(f"Failed to add storage pool {pool.name}: no host can be reached")


async def connect(run: Run[AttachState]) -> None:
    """Connects all of them, those that come up meanwhile, and once more those whose answers were lost.

    Raises InternalError when none can.
    """
    cloud, failed = run.cloud, dict[int, Failure]()
    pool = await live(cloud, StoragePoolRow, run.state.pool_id, "id")
    connected = cloud.part(ConnectedPools)
    await connected.load()
    arriving, tried_again = _arriving(cloud, pool), False
    try:
        while True:
            hosts = await hosts_in_reach(cloud, pool)
            to_do = [h for h in hosts if pool.id not in connected.of(h) and h not in failed]
            if to_do:
                failed |= await connect_each(cloud, pool, to_do, _Teller(run, pool, len(hosts), len(to_do)).tell)
            elif tried_again:
                break
            else:
                await _arrived(cloud, arriving)
                failed = {h: e for h, e in failed.items() if not isinstance(e, HostUnreachableError)}
                tried_again = True
    finally:
        cloud.part(JobProgress).forget(run.job.uuid)
    run.memory["failed"] = {h: e.reason for h, e in failed.items() if pool.id not in connected.of(h)}
    if failed and not any(pool.id in connected.of(host_id) for host_id in await hosts_in_reach(cloud, pool)):
        raise InternalError(f"Failed to add storage pool {pool.name}: {next(iter(failed.values()))}")


async def let_go(run: Run[AttachState]) -> None:
    """Hosts that may have it forget it; one that can not is told of, and left to itself."""
    cloud = run.cloud
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[run.state.pool_id]
    connected = cloud.part(ConnectedPools)
    await connected.load()
    hosts = await hosts_in_reach(cloud, pool)
    first = hosts[: limits.HOST_WITNESSES]
    left = [h for h in hosts if h in first or pool.id in connected.of(h)]
    kept: dict[int, str] = {}

    async def forget(host_id: int) -> None:
        try:
            answer = (await cloud.hosts.call(host_id, [pool_commands.delete(filer(pool))]))[0]
        except HostUnreachableError as error:
            kept[host_id] = str(error)
            return
        if not answer.result:
            kept[host_id] = answer.details

    for pause_seconds in (0.0, *limits.JOB_RETRY_SECONDS):
        if left:
            await cloud.clock.sleep(pause_seconds)
            kept.clear()
            await on_each(cloud, left, forget)
            left = list(kept)
    run.memory["kept"] = kept


async def bring_up(run: Run[AttachState]) -> TxnSpec:
    """Commits Up, and tells of hosts that are without it."""
    cloud = run.cloud
    pool = await live(cloud, StoragePoolRow, run.state.pool_id, "id")
    failed: dict[int, str] = run.memory["failed"]
    txn = TxnSpec("storage_pool.attached")
    move(txn, pool, f"Attach{pool.scope.capitalize()}")
    if failed:
        txn.extend(await tell_failures(cloud, pool, failed))
    hosts = await hosts_in_reach(cloud, pool)
    log.info("pool connected", pool=pool.name, hosts=len(hosts) - len(failed), failed=len(failed))
    run.finish(msgspec.json.encode({"success": True, "hosts": len(hosts), "failed": len(failed)}))
    return txn


async def abandon(run: Run[AttachState]) -> TxnSpec:
    """A pool that no host could mount is none. Hosts that would not forget it are named in an event."""
    cloud, pool_id = run.cloud, run.state.pool_id
    txn = TxnSpec("storage_pool.abandoned").add(ABANDON, pool_id, cloud.now_ms(), expect=None)
    txn.add(DELETE_CAPACITY, pool_id, expect=None).add(DELETE_HOSTS, pool_id, expect=None)
    kept: dict[int, str] = run.memory.get("kept", {})
    if kept:
        pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[pool_id]
        facts = [cloud.part(HostIndex).facts[host_id] for host_id in kept]
        text = (
            f"Storage pool {pool.name} was not added, and stays mounted on {named(facts)}: {next(iter(kept.values()))}"
        )
        owner, about = (SYSTEM_ACCOUNT, ROOT_DOMAIN), ("StoragePool", pool.uuid)
        txn.put(INSERT_EVENT, event(cloud, EVENT, "Completed", text, SYSTEM_USER, owner, about, "WARN"))
    return txn


class AttachStoragePool(JobCommand, internal=True, instance_type="StoragePool"):
    """Stores a pool and connects the hosts in its reach."""

    row: str = param("the pool's row, as JSON", required=True)

    FLOW = Flow(
        AttachState,
        Step("create", create, let_go),
        Step("connect", connect),
        Step("up", bring_up, commits=True),
        failed=abandon,
    )

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        pool = msgspec.json.decode(self.row, type=StoragePoolRow)
        txn = TxnSpec("attachStoragePool").add(LIVE_ZONE, pool.zone_id).put(INSERT, pool)
        limit = int(pool.capacity_bytes * factor(cloud, pool))
        txn.put(INSERT_CAPACITY, StoragePoolCapacityRow(pool.id, limit, 0, 0))
        return Admission(
            txn,
            AttachState(pool_id=pool.id, hosts=len(await hosts_in_reach(cloud, pool))),
            instance=("StoragePool", pool.uuid),
            sync_key=f"storage_pool:{pool.id}",
        )


class _Teller:
    """How far one pass is, for the job and now and then for the log."""

    def __init__(self, run: Run[AttachState], pool: StoragePoolRow, hosts: int, to_do: int) -> None:
        self._run, self._pool, self._hosts, self._to_do = run, pool, hosts, to_do
        self._told = run.cloud.clock.monotonic()

    def tell(self, done: int) -> None:
        cloud = self._run.cloud
        connected = self._hosts - self._to_do + done
        cloud.part(JobProgress).tell(self._run.job.uuid, connected, self._hosts)
        if cloud.clock.monotonic() - self._told >= _TOLD_SECONDS:
            self._told = cloud.clock.monotonic()
            log.info("connecting pool", pool=self._pool.name, hosts=connected, of=self._hosts)


async def _hosts_back(cloud: Cloud, pool: StoragePoolRow, wanted: int) -> list[int]:
    """The hosts in reach, once so many are there as there were, or after HOST_PATIENCE_SECONDS."""
    deadline = cloud.clock.monotonic() + limits.HOST_PATIENCE_SECONDS
    while len(hosts := await hosts_in_reach(cloud, pool)) < wanted and cloud.clock.monotonic() < deadline:
        await cloud.clock.sleep(_LOOK_SECONDS)
    return hosts


def _arriving(cloud: Cloud, pool: StoragePoolRow) -> frozenset[int]:
    """Hosts in the middle of connecting: they may have been told their pools before this one was there."""
    return frozenset(
        fact.id
        for fact in cloud.part(HostIndex).facts.values()
        if fact.status == "Connecting" and fact.type == ROUTING and reaches(pool, fact.zone_id, fact.cluster_id)
    )


async def _arrived(cloud: Cloud, arriving: frozenset[int]) -> None:
    """Waits until none of them is connecting any more, HOST_PATIENCE_SECONDS at most."""
    facts = cloud.part(HostIndex).facts
    deadline = cloud.clock.monotonic() + limits.HOST_PATIENCE_SECONDS
    while cloud.clock.monotonic() < deadline:
        if not any(host_id in facts and facts[host_id].status == "Connecting" for host_id in arriving):
            return
        await cloud.clock.sleep(_LOOK_SECONDS)
