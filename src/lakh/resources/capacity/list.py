"""listCapacity: what there is of CPU, memory, storage and addresses, and how much is taken."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.kinds import capacity_types
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.capacity.figures import Capacities, Figure, at_level, summed
from lakh.resources.capacity.places import capacity_views
from lakh.resources.capacity.view import CapacityView
from lakh.resources.command import Call, ListCommand, Listed


class ListCapacity(ListCommand, roles=("Admin", "ResourceAdmin"), answer=CapacityView):
    """Lists the capacities of zones, or of one zone, pod or cluster, by type."""

    zoneid: Id | None = param("of this zone", entity="zone")
    podid: Id | None = param("of this pod", entity="pod")
    clusterid: Id | None = param("of this cluster", entity="cluster", since="3.0.0")
    type: int | None = param(
        "of this type only: 0 memory, 1 CPU, 2 storage, 3 allocated storage, 4 public addresses, …"
    )
    fetchlatest: bool = param("recalculate first; answers always hold the latest", default=False, since="3.0.0")
    sortby: str | None = param("usage: the most used places first, each by itself", since="3.0.0")

    async def run(self, call: Call) -> Listed:
        if self.type is not None and self.type not in {kind.id for kind in capacity_types()}:
            known = ", ".join(f"{kind.id} {kind.name}" for kind in capacity_types())
            raise ParameterError(f"Invalid parameter type {self.type}: give one of {known}")
        if self.sortby is not None and self.sortby.lower() != "usage":
            raise ParameterError(f"Invalid parameter sortby {self.sortby}: give usage, or leave it out")
        fitting = [f for f in await call.cloud.part(Capacities).figures() if self._fits(f)]
        arranged = self._arranged(fitting)
        offset, limit = self.window()
        views = await capacity_views(call.cloud, arranged[offset : offset + limit])
        return Listed(len(arranged), list(views))

    def _fits(self, figure: Figure) -> bool:
        return (
            (self.type is None or figure.kind == self.type)
            and (self.zoneid is None or figure.zone_id == self.zoneid)
            and (self.podid is None or figure.pod_id == self.podid)
            and (self.clusterid is None or figure.cluster_id == self.clusterid)
            and (figure.total > 0 or figure.used > 0)
        )

    def _arranged(self, figures: list[Figure]) -> list[Figure]:
        if self.sortby:
            found = at_level(figures, "cluster")
            found += summed((f for f in figures if f.cluster_id is None), lambda f: (f.zone_id, f.pod_id, f.cluster_id))
            return sorted(found, key=lambda f: (-(f.used / f.total if f.total else 0.0), f.kind, f.zone_id))
        if self.clusterid is not None:
            found = at_level(figures, "cluster")
        elif self.podid is not None:
            found = at_level(figures, "pod")
        else:
            found = at_level(figures, "zone")
        return sorted(found, key=lambda f: (f.zone_id, f.kind))
