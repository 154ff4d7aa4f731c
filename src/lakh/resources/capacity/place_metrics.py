"""What a cluster or zone has of CPU and memory, and how much of it is allocated, in the words of the metrics lists.

Summed over the hosts that are Enabled, with what overcommit makes of them: what placement may promise. What hosts use
beyond that is not collected, so fields of use are left out.
"""

from __future__ import annotations

from typing import Any

from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.figures import CPU, MEMORY, Capacities, Figure, Level
from lakh.resources.capacity.words import gigabytes, gigahertz, share, thresholds
from lakh.resources.configuration.values import Settings

NOTHING = Figure(CPU, 0, None, None, 0, 0)


class Sums:
    """CPU and memory of every cluster, or of every zone, as of now."""

    def __init__(self, cloud: Cloud, of: dict[tuple[int, int], Figure] | None) -> None:
        self._cloud, self._of = cloud, of

    def metrics(self, place_id: int, *scopes: tuple[str, int]) -> dict[str, Any]:
        """Those of one place, by the names of the fields that ClusterMetricsView and ZoneMetricsView have for them;
        `scopes` are where its thresholds may be set."""
        if self._of is None:
            return {}
        cpu, memory = self._of.get((CPU, place_id), NOTHING), self._of.get((MEMORY, place_id), NOTHING)
        exceeded = thresholds(self._cloud, cpu.used / (cpu.total or 1), memory.used / (memory.total or 1), *scopes)
        return {
            "cputotal": gigahertz(cpu.total),
            "cpuallocated": share(cpu.used, cpu.total),
            "memorytotal": gigabytes(memory.total),
            "memoryallocated": share(memory.used, memory.total),
            **exceeded,
        }


async def sums_of(cloud: Cloud, level: Level) -> Sums:
    """The sums as of now; none where `allow.list.metrics.computation` is off."""
    if not cloud.part(Settings).flag("allow.list.metrics.computation"):
        return Sums(cloud, None)
    return Sums(cloud, await cloud.part(Capacities).of_hosts(level))
