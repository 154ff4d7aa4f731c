"""listKubernetesClusters: managed Kubernetes clusters. None: the plugin is not here."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import View
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand


class KubernetesClusterView(View):
    OBJECT: ClassVar[str] = "kubernetescluster"

    id: str | None = None
    name: str | None = None
    state: str | None = None


class ListKubernetesClusters(OwnedListCommand, answer=KubernetesClusterView, absent_plugin=True):
    """Lists Kubernetes clusters."""

    id: Id | None = param("this cluster", entity="kubernetes_cluster")
    name: str | None = param("the clusters of this name")
    state: str | None = param("the clusters in this state")

    async def run(self, call: Call) -> Listed:
        await owned_scope(call, self)
        self.window()
        return Listed(0, [])
