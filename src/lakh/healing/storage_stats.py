"""How full pools are: asked of one host each, every `storage.stats.interval` (agent-protocol 4.7)."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from lakh.base import limits
from lakh.base.log import logger
from lakh.bus.hosts import HostUnreachableError
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.storage_pool.connect import filer
from lakh.resources.storage_pool.hosts import hosts_in_reach
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.storage_pool.size import note_size
from lakh.wire.commands import pool as pool_commands

log = logger(__name__)


class StorageStats(Reconciler):
    """Asks a few pools at once; one that nobody tells of keeps its last figures."""

    name: ClassVar[str] = "storage statistics"

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("storage.stats.interval") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        places = asyncio.Semaphore(limits.POOLS_ASKED)
        pools = [pool for pool in await cloud.snapshots.of(StoragePoolRow) if pool.status == "Up"]
        await asyncio.gather(*(_measure(cloud, pool, places) for pool in pools))


async def _measure(cloud: Cloud, pool: StoragePoolRow, places: asyncio.Semaphore) -> None:
    async with places:
        hosts = await hosts_in_reach(cloud, pool)
        if not hosts:
            return
        timeout = max(cloud.part(Settings).integer("stats.timeout") / 1000, 1.0)
        try:
            answer = (
                await cloud.hosts.call(
                    cloud.random.choice(hosts), [pool_commands.stats(filer(pool))], timeout_seconds=timeout
                )
            )[0]
        except HostUnreachableError as error:
            log.info("pool not measured", pool=pool.name, reason=str(error))
            return
        if not answer.result:
            log.warning("pool not measured", pool=pool.name, reason=answer.details)
            return
        capacity, used = int(answer.body.get("capacityBytes") or 0), int(answer.body.get("usedBytes") or 0)
        await note_size(cloud, pool.id, capacity, used, always=True)
