"""What memory says is taken of hosts, compared with the store, which decides.

Placement proposes from memory, which follows commits as they happen; a refresh that was read while another commit was
on its way may leave it behind. What differed in the same way a pass ago belongs to no commit under way: the store's
sums are taken.
"""

from __future__ import annotations

from typing import ClassVar

from lakh.base.log import logger
from lakh.healing.portions import portions
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITIES_WITHIN

log = logger(__name__)

Usage = tuple[int, ...]


class HostUsage(Reconciler):
    """`_seen` is what differed at the last pass: host id to the sums of the store and of memory."""

    name: ClassVar[str] = "host usage"
    everywhere: ClassVar[bool] = True

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Usage, Usage]] = {}

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("capacity.check.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        index = cloud.part(HostIndex)
        await index.load()
        found: dict[int, tuple[Usage, Usage]] = {}
        async for first, last in portions(cloud):
            for row in await cloud.store.rows(CAPACITIES_WITHIN, first, last):
                if row.host_id not in index.columns:
                    continue
                stored: Usage = (row.cpu_used_mhz, row.memory_used_bytes, row.vms, row.tenant)
                known: Usage = tuple(index.columns.usage(row.host_id))
                if known != stored:
                    found[row.host_id] = (stored, known)
        for host_id, sums in found.items():
            if self._seen.get(host_id) == sums:
                index.columns.set_usage(host_id, *sums[0])
                log.warning("usage in memory corrected", host=host_id, stored=sums[0], known=sums[1])
        self._seen = found
