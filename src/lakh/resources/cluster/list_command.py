"""What listClusters and its metrics have in common."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.cluster.view import ClusterView, cluster_views
from lakh.resources.command import Call, ListCommand
from lakh.resources.listing import page_of


class ClusterListCommand(ListCommand, abstract=True):
    """A list of clusters, with all its filters."""

    id: Id | None = param("this cluster", entity="cluster")
    name: str | None = param("the clusters of this name")
    zoneid: Id | None = param("the clusters of this zone", entity="zone")
    podid: Id | None = param("the clusters of this pod", entity="pod")
    hypervisor: str | None = param("the clusters of this hypervisor")
    clustertype: str | None = param("CloudManaged or ExternalManaged")
    allocationstate: str | None = param("Enabled or Disabled")
    managedstate: str | None = param("Managed or Unmanaged")
    arch: str | None = param("the clusters of this CPU architecture", since="4.20.1")
    showcapacities: bool = param("with the capacities of each cluster", default=False)

    async def listed(self, call: Call) -> tuple[int, list[ClusterRow], list[ClusterView]]:
        """(count, rows of the page, their views)."""
        found = [cluster for cluster in await call.cloud.snapshots.of(ClusterRow) if self._fits(cluster)]
        count, page = page_of(found, self.window())
        return count, page, await cluster_views(call.cloud, page, capacities=self.showcapacities)

    def _fits(self, cluster: ClusterRow) -> bool:
        return (
            (self.id is None or cluster.id == self.id)
            and (self.name is None or cluster.name == self.name)
            and (self.zoneid is None or cluster.zone_id == self.zoneid)
            and (self.podid is None or cluster.pod_id == self.podid)
            and _same(self.hypervisor, cluster.hypervisor)
            and _same(self.clustertype, cluster.cluster_type)
            and _same(self.allocationstate, cluster.allocation_state)
            and _same(self.managedstate, cluster.managed_state)
            and _same(self.arch, cluster.arch)
            and (not self.keyword or any(self.keyword.lower() in t.lower() for t in _texts(cluster)))
        )


def _same(asked: str | None, text: str) -> bool:
    return not asked or asked.lower() == text.lower()


def _texts(cluster: ClusterRow) -> tuple[str, ...]:
    return cluster.name, cluster.hypervisor, cluster.allocation_state
