"""Raises an alert when more of a capacity is taken than its notification threshold, looked at every
`capacity.check.period`.

An alert says it once. It stands until the share has fallen clearly below the threshold, archived or not, so that a
share that swings about the threshold is no flood of alerts; then it is resolved, and the next rise is told anew.
Clusters have thresholds of their own. A pool for a whole zone belongs to no cluster: the global value holds for it.
"""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from lakh.catalogue.kinds import AlertType
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.resources.alert.raising import alert, kind_of, may_repeat
from lakh.resources.alert.row import RESOLVE, STANDING_OF_TYPES
from lakh.resources.capacity import figures as capacity
from lakh.resources.capacity.figures import Capacities, Figure, summed
from lakh.resources.capacity.words import share
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

CLEARED_AT: Final = 0.95
"""An alert is resolved once no more is taken than this part of its threshold."""


class Watched(NamedTuple):
    """A kind of capacity: the setting that holds its threshold, the alert's type, and what it is in words."""

    setting: str
    alert: str
    words: str


WATCHED: Final = {
    capacity.CPU: Watched("cluster.cpu.allocated.capacity.notificationthreshold", "CPU", "CPU allocated"),
    capacity.MEMORY: Watched("cluster.memory.allocated.capacity.notificationthreshold", "MEMORY", "memory allocated"),
    capacity.STORAGE: Watched("cluster.storage.capacity.notificationthreshold", "STORAGE", "primary storage used"),
    capacity.STORAGE_ALLOCATED: Watched(
        "cluster.storage.allocated.capacity.notificationthreshold", "STORAGE_ALLOCATED", "primary storage allocated"
    ),
    capacity.LOCAL_STORAGE: Watched(
        "cluster.localStorage.capacity.notificationthreshold", "LOCAL_STORAGE", "local storage used"
    ),
    capacity.PRIVATE_IP: Watched(
        "pod.privateip.capacity.notificationthreshold", "PRIVATE_IP", "addresses for system VMs allocated"
    ),
    capacity.PUBLIC_IP: Watched(
        "zone.virtualnetwork.publicip.capacity.notificationthreshold",
        "VIRTUAL_NETWORK_PUBLIC_IP",
        "public addresses allocated",
    ),
    capacity.DIRECT_IP: Watched(
        "zone.directnetwork.publicip.capacity.notificationthreshold",
        "DIRECT_ATTACHED_PUBLIC_IP",
        "addresses of shared networks allocated",
    ),
    capacity.SECONDARY_STORAGE: Watched(
        "zone.secstorage.capacity.notificationthreshold", "SECONDARY_STORAGE", "secondary storage used"
    ),
    capacity.VLAN: Watched("zone.vlan.capacity.notificationthreshold", "VLAN", "VLANs allocated"),
}
Place = tuple[str, int | None, int | None, int | None]
"""Name of the alert's type, ids of zone, pod and cluster."""


class CapacityAlerts(Reconciler):
    """A change of a setting is followed at once."""

    name: ClassVar[str] = "capacity alerts"
    tables: ClassVar[frozenset[str]] = frozenset({"configuration"})

    def interval_seconds(self, cloud: Cloud) -> float:
        return max(cloud.part(Settings).integer("capacity.check.period") / 1000, 1.0)

    async def run(self, cloud: Cloud) -> None:
        settings = cloud.part(Settings)
        await settings.refresh()
        kinds = {number: kind_of(watched.alert) for number, watched in WATCHED.items()}
        standing = await _standing(cloud, kinds)
        for figure in summed(await cloud.part(Capacities).figures(), lambda f: (f.zone_id, f.pod_id, f.cluster_id)):
            watched = WATCHED.get(figure.kind)
            if watched is None or figure.total <= 0:
                continue
            scopes = [("Cluster", figure.cluster_id)] if figure.cluster_id is not None else []
            threshold = settings.number(watched.setting, *scopes)
            kind = kinds[figure.kind]
            stands = standing.get((kind.name, figure.zone_id, figure.pod_id, figure.cluster_id))
            taken = figure.used / figure.total
            if taken > threshold and (not stands or may_repeat(cloud, kind)):
                await _raise(cloud, kind, figure, watched, threshold)
            elif taken <= threshold * CLEARED_AT and stands:
                await cloud.store.submit(TxnSpec("alert.resolve").add(RESOLVE, stands, cloud.now_ms(), expect=None))


async def _standing(cloud: Cloud, kinds: dict[int, AlertType]) -> dict[Place, list[int]]:
    """Ids of the alerts that stand, by place."""
    found: dict[Place, list[int]] = {}
    for row in await cloud.store.rows(STANDING_OF_TYPES, sorted({kind.id for kind in kinds.values()})):
        found.setdefault((row.name, row.zone_id, row.pod_id, row.cluster_id), []).append(row.id)
    return found


async def _raise(cloud: Cloud, kind: AlertType, figure: Figure, watched: Watched, threshold: float) -> None:
    place = await _described(cloud, figure)
    words = watched.words[0].upper() + watched.words[1:]
    subject = f"{words} in {place}: {share(figure.used, figure.total)}, above {share(threshold, 1)}"
    content = f"{figure.used} of {figure.total} are taken. The threshold is the setting {watched.setting}."
    place_ids = {"zone_id": figure.zone_id, "pod_id": figure.pod_id, "cluster_id": figure.cluster_id}
    await cloud.store.submit(await alert(cloud, kind, subject, content, **place_ids))


async def _described(cloud: Cloud, figure: Figure) -> str:
    """`cluster c1, pod p1, zone z1`"""
    names = [f"zone {(await cloud.snapshots.of(ZoneRow)).by_id[figure.zone_id].name}"]
    if figure.pod_id is not None:
        names.insert(0, f"pod {(await cloud.snapshots.of(PodRow)).by_id[figure.pod_id].name}")
    if figure.cluster_id is not None:
        names.insert(0, f"cluster {(await cloud.snapshots.of(ClusterRow)).by_id[figure.cluster_id].name}")
    return ", ".join(names)
