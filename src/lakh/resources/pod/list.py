"""listPods: the pods of zones."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import page_of
from lakh.resources.pod.row import PodRow
from lakh.resources.pod.view import PodView, pod_views


class ListPods(ListCommand, roles=("Admin", "ResourceAdmin"), answer=PodView):
    """Lists all Pods."""

    id: Id | None = param("this pod", entity="pod")
    name: str | None = param("the pods of this name")
    zoneid: Id | None = param("the pods of this zone", entity="zone")
    allocationstate: str | None = param("Enabled or Disabled")
    showcapacities: bool = param("with the capacities of each pod", default=False)

    async def run(self, call: Call) -> Listed:
        found = [pod for pod in await call.cloud.snapshots.of(PodRow) if self._fits(pod)]
        count, page = page_of(found, self.window())
        return Listed(count, list(await pod_views(call.cloud, page, capacities=self.showcapacities)))

    def _fits(self, pod: PodRow) -> bool:
        return (
            (self.id is None or pod.id == self.id)
            and (self.name is None or pod.name == self.name)
            and (self.zoneid is None or pod.zone_id == self.zoneid)
            and (not self.allocationstate or pod.allocation_state.lower() == self.allocationstate.lower())
            and (not self.keyword or self.keyword.lower() in pod.name.lower())
        )
