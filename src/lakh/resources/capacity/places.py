"""Capacities of single zones, pods and clusters, as their lists show them with showcapacities."""

from __future__ import annotations

from collections.abc import Iterable

from lakh.catalogue.kinds import capacity_types
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.figures import Capacities, Figure, Level, at_level, place_of
from lakh.resources.capacity.view import CapacityView, percent
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow


async def capacities_of(cloud: Cloud, level: Level) -> dict[int, list[CapacityView]]:
    """The capacities of every zone, pod or cluster by its id, in the order of types."""
    found: dict[int, list[CapacityView]] = {}
    figures = at_level(await cloud.part(Capacities).figures(), level)
    figures.sort(key=lambda f: f.kind)
    for figure, view in zip(figures, await capacity_views(cloud, figures), strict=True):
        found.setdefault(place_of(figure, level), []).append(view)
    return found


async def capacity_views(cloud: Cloud, figures: Iterable[Figure]) -> list[CapacityView]:
    """The views of figures, with the names of their places."""
    zones = (await cloud.snapshots.of(ZoneRow)).by_id
    pods = (await cloud.snapshots.of(PodRow)).by_id
    clusters = (await cloud.snapshots.of(ClusterRow)).by_id
    names = {kind.id: kind.name for kind in capacity_types()}
    views = []
    for figure in figures:
        pod = pods.get(figure.pod_id or 0)
        cluster = clusters.get(figure.cluster_id or 0)
        view = CapacityView(
            type=figure.kind,
            name=names[figure.kind],
            zoneid=zones[figure.zone_id].uuid,
            zonename=zones[figure.zone_id].name,
            podid=pod.uuid if pod else None,
            podname=pod.name if pod else None,
            clusterid=cluster.uuid if cluster else None,
            clustername=cluster.name if cluster else None,
            capacityallocated=figure.used,
            capacityused=figure.used,
            capacitytotal=figure.total,
            percentused=percent(figure.used, figure.total),
        )
        views.append(view)
    return views
