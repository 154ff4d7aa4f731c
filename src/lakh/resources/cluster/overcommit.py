"""How many times a cluster's CPU and memory may be promised: its settings, brought to where capacity is decided.

Reservations are guarded by the ratios beside each host's capacity, so that they need not read settings; this brings
them there when the settings changed.
"""

from __future__ import annotations

from typing import Final

from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import SET_OVERCOMMIT, ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.store.statement import TxnSpec, statement

CPU: Final = "cpu.overprovisioning.factor"
MEMORY: Final = "mem.overprovisioning.factor"

SET_ON_HOSTS = statement(
    "host_capacity.set_overcommit",
    "UPDATE host_capacity SET cpu_overcommit = $2, memory_overcommit = $3"
    " WHERE host_id IN (SELECT id FROM host WHERE cluster_id = $1 AND removed_ms IS NULL)",
)


async def follow_overcommit(cloud: Cloud) -> int:
    """Brings every cluster to its settings; returns how many changed."""
    settings = cloud.part(Settings)
    changed = 0
    for cluster in await cloud.snapshots.of(ClusterRow):
        cpu = settings.number(CPU, ("Cluster", cluster.id)) or 1.0
        memory = settings.number(MEMORY, ("Cluster", cluster.id)) or 1.0
        if (cpu, memory) == (cluster.cpu_overcommit, cluster.memory_overcommit):
            continue
        txn = TxnSpec("cluster.overcommit").add(SET_OVERCOMMIT, cluster.id, cpu, memory, expect=None)
        await cloud.store.submit(txn.add(SET_ON_HOSTS, cluster.id, cpu, memory, expect=None))
        changed += 1
    if changed:
        await cloud.part(HostIndex).refresh_places()
    return changed
