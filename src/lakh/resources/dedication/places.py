"""What can be dedicated: its row, what it stands in, and whose Instances run there."""

from __future__ import annotations

from typing import Final, NamedTuple

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.dedication.row import CLUSTER, HOST, POD, ZONE, DedicatedResourceRow
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.live import live
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import statement


class Place(NamedTuple):
    """A zone, pod, cluster or host. `within` are the places it stands in, as (kind, id), the narrowest first."""

    kind: str
    id: int
    uuid: str
    name: str
    within: tuple[tuple[str, int], ...]


_OF_OTHERS: Final = ("v.account_id <> $2", "NOT v.domain_id = ANY($2)")
_USED_BY: Final = {
    (kind, index): statement(
        f"dedicated_resource.used_{kind.lower()}_{index}",
        f"SELECT v.instance_name FROM vm v JOIN host h ON h.id = v.host_id WHERE h.{column} = $1"
        f" AND h.removed_ms IS NULL AND v.type = 'User' AND v.removed_ms IS NULL AND v.host_id IS NOT NULL AND {others}"
        " LIMIT 1",
    )
    for kind, column in ((ZONE, "zone_id"), (POD, "pod_id"), (CLUSTER, "cluster_id"), (HOST, "id"))
    for index, others in enumerate(_OF_OTHERS)
}


async def place_of(cloud: Cloud, kind: str, place_id: int) -> Place:
    """Raises ParameterError for one that is deleted, and for a host that runs no Instances."""
    if kind == HOST:
        index = cloud.part(HostIndex)
        await index.load()
        host = index.facts.get(place_id)
        if host is None or host.type != ROUTING or host.pod_id is None or host.cluster_id is None:
            raise ParameterError("Unable to find the host by hostid: give one that runs Instances")
        within = ((CLUSTER, host.cluster_id), (POD, host.pod_id), (ZONE, host.zone_id))
        return Place(kind, host.id, host.uuid, host.name, within)
    if kind == CLUSTER:
        cluster = await live(cloud, ClusterRow, place_id, "clusterid")
        return Place(kind, cluster.id, cluster.uuid, cluster.name, ((POD, cluster.pod_id), (ZONE, cluster.zone_id)))
    if kind == POD:
        pod = await live(cloud, PodRow, place_id, "podid")
        return Place(kind, pod.id, pod.uuid, pod.name, ((ZONE, pod.zone_id),))
    zone = await live(cloud, ZoneRow, place_id, "zoneid")
    return Place(kind, zone.id, zone.uuid, zone.name, ())


async def used_by_others(cloud: Cloud, place: Place, account_id: int | None, domain_ids: list[int]) -> str | None:
    """The name of an Instance there that is not the account's, or not of these domains; None when there is none."""
    if account_id is not None:
        rows = await cloud.store.read(_USED_BY[place.kind, 0], place.id, account_id)
    else:
        rows = await cloud.store.read(_USED_BY[place.kind, 1], place.id, domain_ids)
    return str(rows[0][0]) if rows else None


async def standing(cloud: Cloud, place: Place) -> list[DedicatedResourceRow]:
    """The dedications of the place and of what it stands in."""
    wanted = {(place.kind, place.id), *place.within}
    return [row for row in await cloud.snapshots.of(DedicatedResourceRow) if (row.kind, row.place_id) in wanted]
