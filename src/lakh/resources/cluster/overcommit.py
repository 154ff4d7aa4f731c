"""How many times a cluster's CPU and memory may be promised: its settings, brought to where capacity is decided.

Reservations are guarded by the ratios beside each host's capacity, so that they need not read settings; this brings
them there when the settings changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import SET_OVERCOMMIT, ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.store.snapshot import Changes, Loaded
from lakh.store.statement import TxnSpec, statement

CPU: Final = "cpu.overprovisioning.factor"
MEMORY: Final = "mem.overprovisioning.factor"

SET_ON_HOSTS = statement(
    "host_capacity.set_overcommit",
    "UPDATE host_capacity SET cpu_overcommit = $2, memory_overcommit = $3"
    " WHERE host_id IN (SELECT id FROM host WHERE cluster_id = $1 AND removed_ms IS NULL)",
)


class Overcommit:
    """A part of the cloud: as of which settings and clusters the ratios are."""

    def __init__(self, _: Cloud) -> None:
        self._changes: Changes[ClusterRow] = Changes()
        self._settings = -1

    def to_check(self, clusters: Loaded[ClusterRow], settings: Settings) -> Sequence[int]:
        """Ids of clusters that changed since the last time; all of them after a change of settings."""
        changed, _ = self._changes.look(clusters)
        if self._settings == settings.version:
            return changed
        self._settings = settings.version
        return list(clusters.by_id)

    def forget(self) -> None:
        """Has everything checked next time."""
        self._settings = -1


async def follow_overcommit(cloud: Cloud) -> int:
    """Brings every cluster to its settings; returns how many changed. O(clusters) only where settings changed."""
    settings, clusters = cloud.part(Settings), await cloud.snapshots.of(ClusterRow)
    changed, known = 0, cloud.part(Overcommit)
    for cluster_id in known.to_check(clusters, settings):
        cluster = clusters.by_id.get(cluster_id)
        if cluster is None or cluster.removed_ms is not None:
            continue
        cpu = settings.number(CPU, ("Cluster", cluster.id)) or 1.0
        memory = settings.number(MEMORY, ("Cluster", cluster.id)) or 1.0
        if (cpu, memory) == (cluster.cpu_overcommit, cluster.memory_overcommit):
            continue
        txn = TxnSpec("cluster.overcommit").add(SET_OVERCOMMIT, cluster.id, cpu, memory, expect=None)
        try:
            await cloud.store.submit(txn.add(SET_ON_HOSTS, cluster.id, cpu, memory, expect=None))
        except BaseException:
            known.forget()
            raise
        changed += 1
    if changed:
        await cloud.part(HostIndex).refresh_places()
    return changed
