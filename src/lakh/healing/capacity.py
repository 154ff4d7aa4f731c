"""What is taken of hosts and pools, counted anew from what is on them or keeps its place there, and mended where the
running sums drifted.

Sums change in the same transactions as what they count, so drift means a defect or a row that an operator changed by
hand. A job may hold capacity that no instance shows yet (a migration's destination, a volume under way): whatever a
pending job names is left alone, and so is drift that was not there a pass ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from lakh.base.log import logger
from lakh.healing.portions import portions
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.jobs.row import PENDING_JOBS
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.statement import TxnSpec, statement

log = logger(__name__)

DRIFTED_HOSTS = statement(
    "host_capacity.drifted",
    "SELECT c.host_id, c.cpu_used_mhz, c.cores_used, c.memory_used_bytes, c.vms, COALESCE(v.mhz, 0),"
    " COALESCE(v.cores, 0), COALESCE(v.memory_bytes, 0), COALESCE(v.vms, 0) FROM host_capacity c LEFT JOIN"
    " (SELECT host_id, CAST(SUM(mhz) AS BIGINT) AS mhz, CAST(SUM(cpus) AS BIGINT) AS cores,"
    " CAST(SUM(bytes) AS BIGINT) AS memory_bytes, CAST(SUM(guests) AS BIGINT) AS vms FROM"
    " (SELECT host_id, cpus * speed_mhz AS mhz, cpus, memory_mb * 1048576 AS bytes, 1 AS guests FROM vm"
    " WHERE host_id IS NOT NULL AND host_id > $1 AND host_id <= $2 AND removed_ms IS NULL UNION ALL"
    " SELECT host_id, cpu_mhz, cpus, memory_bytes, 0 FROM vm_reservation WHERE host_id > $1 AND host_id <= $2)"
    " AS taken GROUP BY host_id) v ON v.host_id = c.host_id WHERE c.host_id > $1 AND c.host_id <= $2"
    " AND (c.cpu_used_mhz <> COALESCE(v.mhz, 0) OR c.cores_used <> COALESCE(v.cores, 0)"
    " OR c.memory_used_bytes <> COALESCE(v.memory_bytes, 0) OR c.vms <> COALESCE(v.vms, 0))",
)
MEND_HOST = statement(
    "host_capacity.mend",
    "UPDATE host_capacity SET cpu_used_mhz = $6, cores_used = $7, memory_used_bytes = $8, vms = $9"
    " WHERE host_id = $1 AND cpu_used_mhz = $2 AND cores_used = $3 AND memory_used_bytes = $4 AND vms = $5",
)
POOL_SUMS = statement(
    "storage_pool_capacity.sums",
    "SELECT c.allocated_bytes, (SELECT CAST(COALESCE(SUM(v.size_bytes), 0) AS BIGINT) FROM volume v"
    " WHERE v.pool_id = c.pool_id AND v.pool_id IS NOT NULL AND v.removed_ms IS NULL)"
    " + (SELECT CAST(COALESCE(SUM(t.size_bytes), 0) AS BIGINT) FROM template_pool t WHERE t.pool_id = c.pool_id)"
    " FROM storage_pool_capacity c WHERE c.pool_id = $1",
)
MEND_POOL = statement(
    "storage_pool_capacity.mend",
    "UPDATE storage_pool_capacity SET allocated_bytes = $3 WHERE pool_id = $1 AND allocated_bytes = $2",
)


class CapacityDrift(Reconciler):
    """`_seen` is the drift of the last pass: (kind, id) to the sums as stored and as counted."""

    name: ClassVar[str] = "capacity"

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], tuple[int, ...]] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("capacity.check.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        found = await _drift(cloud)
        again = {key: sums for key, sums in found.items() if self._seen.get(key) == sums}
        self._seen = found
        if not again:
            return
        busy = await _named_by_jobs(cloud)
        for (kind, row_id), sums in again.items():
            if row_id not in busy:
                await _mend(cloud, kind, row_id, sums)
                self._seen.pop((kind, row_id), None)


async def _drift(cloud: Cloud) -> dict[tuple[str, int], tuple[int, ...]]:
    """Hosts and pools whose sums are not those of what is on them; a portion of hosts in one statement."""
    found: dict[tuple[str, int], tuple[int, ...]] = {}
    async for first, last in portions(cloud):
        for host_id, *sums in await cloud.store.read(DRIFTED_HOSTS, first, last):
            found["host", host_id] = tuple(sums)
    for pool in await cloud.snapshots.of(StoragePoolRow):
        for stored, counted in await cloud.store.read(POOL_SUMS, pool.id):
            if stored != counted:
                found["pool", pool.id] = (stored, counted)
    return found


async def _named_by_jobs(cloud: Cloud) -> set[int]:
    """Every number in the states of pending jobs: the ids of hosts and pools they hold something of are among them.

    That others are too only puts a mending off to the next pass.
    """
    found: set[int] = set()
    last = 0
    while jobs := await cloud.store.rows(PENDING_JOBS, last):
        for job in jobs:
            found.update(_numbers(msgspec.json.decode(job.state_json)))
        last = jobs[-1].id
    return found


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif isinstance(value, int):
        yield value


async def _mend(cloud: Cloud, kind: str, row_id: int, sums: tuple[int, ...]) -> None:
    """Sets the counted sums, if the stored ones are still those that were read; says so in an event."""
    txn = TxnSpec("capacity.mend")
    name, about, kind_of_event = await _described(cloud, kind, row_id)
    txn.add(MEND_HOST if kind == "host" else MEND_POOL, row_id, *sums, expect=None)
    if (await cloud.store.submit(txn))[0] == 0:
        return
    text = f"Capacity of {kind} {name} was corrected: stored {sums[: len(sums) // 2]}, counted {sums[len(sums) // 2 :]}"
    log.warning("capacity corrected", kind=kind, name=name, sums=sums)
    owner = (SYSTEM_ACCOUNT, ROOT_DOMAIN)
    row = event(cloud, kind_of_event, "Completed", text, SYSTEM_USER, owner, about, "WARN")
    await cloud.store.submit(TxnSpec("capacity.event").put(INSERT_EVENT, row))
    if kind == "host":
        await cloud.part(HostIndex).refresh_usage(row_id)


async def _described(cloud: Cloud, kind: str, row_id: int) -> tuple[str, tuple[str, str] | None, str]:
    """(name, what the event is about, the event's type)."""
    if kind == "host":
        fact = cloud.part(HostIndex).facts.get(row_id)
        return (fact.name if fact else str(row_id)), (("Host", fact.uuid) if fact else None), "HOST.RESERVATION.RELEASE"
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id[row_id]
    return pool.name, ("StoragePool", pool.uuid), "SYNC.STORAGE.POOL"
