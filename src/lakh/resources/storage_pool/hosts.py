"""The hosts that use a pool: bringing all of them to it, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.storage_pool.connect import PoolRefusedError, reaches
from lakh.resources.storage_pool.row import StoragePoolRow

log = logger(__name__)


async def hosts_in_reach(cloud: Cloud, pool: StoragePoolRow) -> list[int]:
    """Ids of the hosts of its zone or cluster that are connected now."""
    index = cloud.part(HostIndex)
    await index.load()
    return [
        fact.id
        for fact in index.facts.values()
        if fact.type == ROUTING and fact.connected and reaches(pool, fact.zone_id, fact.cluster_id)
    ]


Failure = PoolRefusedError | HostUnreachableError


async def on_each(cloud: Cloud, host_ids: list[int], work: Callable[[int], Awaitable[None]]) -> dict[int, Failure]:
    """Does `work` for each host, storage.pool.host.connect.workers at a time; returns the failures by host id.

    Anything else that goes wrong ends the whole, and is raised as it is.
    """
    failed: dict[int, Failure] = {}
    waiting = iter(host_ids)

    async def worker() -> None:
        for host_id in waiting:
            try:
                await work(host_id)
            except (PoolRefusedError, HostUnreachableError) as error:
                failed[host_id] = error
                if len(failed) <= limits.POOL_FAILURES_TOLD:
                    log.warning("host without pool", host_id=host_id, reason=str(error))

    workers = max(1, min(cloud.part(Settings).integer("storage.pool.host.connect.workers"), len(host_ids)))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    if len(failed) > limits.POOL_FAILURES_TOLD:
        log.warning("hosts without pool", count=len(failed))
    return failed
