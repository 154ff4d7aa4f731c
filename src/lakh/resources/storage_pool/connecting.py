"""Connecting very many hosts to one pool: a few at a time, remembered in batches, and told of where it fails.

A host's answer is worth nothing to anybody but the store, so the rows of thousands of hosts share a transaction. What a
crash loses of them is done again: hosts answer the same a second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lakh.base import limits
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.alert.raising import alert, kind_of
from lakh.resources.command import event
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostFact, HostIndex
from lakh.resources.storage_pool.connect import ConnectedPools, mount
from lakh.resources.storage_pool.hosts import Failure, on_each
from lakh.resources.storage_pool.row import CONNECT, StoragePoolHostRow, StoragePoolRow
from lakh.resources.storage_pool.size import note_size, sizes_of
from lakh.resources.user.row import SYSTEM_USER
from lakh.store.statement import TxnSpec, values

EVENT: Final = "CONFIGURE.STORAGE.ACCESS"
NAMED: Final = 20
"""So many hosts are named in an event about more of them than are told of one by one."""


class _Batch:
    """Rows of hosts that have answered, stored many at a time."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._rows: list[StoragePoolHostRow] = []
        self._since = cloud.clock.monotonic()

    async def add(self, row: StoragePoolHostRow) -> None:
        self._rows.append(row)
        late = self._cloud.clock.monotonic() - self._since >= limits.POOL_HOSTS_STORE_SECONDS
        if late or len(self._rows) >= limits.POOL_HOSTS_STORED_AT_ONCE:
            await self.flush()

    async def flush(self) -> None:
        rows, self._rows = self._rows, []
        self._since = self._cloud.clock.monotonic()
        if not rows:
            return
        txn = TxnSpec("storage_pool.connect_many")
        for row in rows:
            txn.add(CONNECT, *values(row), expect=None)
        await self._cloud.store.submit(txn)
        connected = self._cloud.part(ConnectedPools)
        for row in rows:
            connected.add(row.host_id, row.pool_id)


async def connect_each(
    cloud: Cloud, pool: StoragePoolRow, host_ids: list[int], tell: Callable[[int], None] = lambda _done: None
) -> dict[int, Failure]:
    """Has every host mount the pool, storage.pool.host.connect.workers at a time; returns the failures by host id.

    `tell` hears after each host how many are through. What is not remembered yet when it is cancelled was for nothing.
    """
    await cloud.part(ConnectedPools).load()
    batch = _Batch(cloud)
    done = 0

    async def work(host_id: int) -> None:
        nonlocal done
        try:
            info = await mount(cloud, host_id, pool)
            await note_size(cloud, pool.id, *sizes_of(info))
            await batch.add(StoragePoolHostRow(pool.id, host_id, info["localPath"], cloud.now_ms()))
        finally:
            done += 1
            tell(done)

    failed = await on_each(cloud, host_ids, work)
    await batch.flush()
    return failed


async def tell_failures(cloud: Cloud, pool: StoragePoolRow, failed: Mapping[int, str]) -> TxnSpec:
    """Events and alerts about hosts without the pool: one for each host, or one for each reason when they are many."""
    facts = cloud.part(HostIndex).facts
    by_reason: dict[str, list[HostFact]] = defaultdict(list)
    for host_id, reason in sorted(failed.items()):
        if host_id in facts:
            by_reason[reason].append(facts[host_id])
    groups = [(hosts, reason) for reason, hosts in sorted(by_reason.items(), key=lambda found: -len(found[1]))]
    if len(failed) <= limits.POOL_FAILURES_TOLD:
        groups = [([fact], reason) for hosts, reason in groups for fact in hosts]
    elif len(groups) > limits.POOL_FAILURES_TOLD:
        rest = [fact for hosts, _ in groups[limits.POOL_FAILURES_TOLD - 1 :] for fact in hosts]
        groups = [*groups[: limits.POOL_FAILURES_TOLD - 1], (rest, "for reasons of their own")]
    txn = TxnSpec("storage_pool.failures")
    for hosts, reason in groups:
        txn.extend(await _told(cloud, pool, hosts, reason))
    return txn


async def _told(cloud: Cloud, pool: StoragePoolRow, hosts: list[HostFact], reason: str) -> TxnSpec:
    subject = f"Unable to attach storage pool {pool.name} to {named(hosts)}"
    about = ("Host", hosts[0].uuid) if len(hosts) == 1 else ("StoragePool", pool.uuid)
    owner = (SYSTEM_ACCOUNT, ROOT_DOMAIN)
    row = event(cloud, EVENT, "Completed", f"{subject}: {reason}", SYSTEM_USER, owner, about, "WARN")
    raised = await alert(cloud, kind_of("HOST"), subject, reason, zone_id=hosts[0].zone_id, pod_id=hosts[0].pod_id)
    return TxnSpec("storage_pool.failure").put(INSERT_EVENT, row).extend(raised)


def named(hosts: Iterable[HostFact]) -> str:
    names = [fact.name for fact in hosts]
    if len(names) == 1:
        return f"host {names[0]}"
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} hosts: {', '.join(names[:NAMED])}{rest}"
