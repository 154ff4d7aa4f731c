"""listClusters: the clusters of pods and zones."""

from __future__ import annotations

from lakh.resources.cluster.list_command import ClusterListCommand
from lakh.resources.cluster.view import ClusterView
from lakh.resources.command import Call, Listed


class ListClusters(ClusterListCommand, roles=("Admin", "ResourceAdmin"), answer=ClusterView):
    """Lists clusters."""

    async def run(self, call: Call) -> Listed:
        count, _, views = await self.listed(call)
        return Listed(count, views)
