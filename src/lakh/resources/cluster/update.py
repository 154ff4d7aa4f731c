"""updateCluster: name, state, and whether its hosts are managed."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.cluster.kinds import TYPES, checked_architecture, checked_hypervisor
from lakh.resources.cluster.row import UPDATE, ClusterRow
from lakh.resources.cluster.view import ClusterView, cluster_view
from lakh.resources.command import Call, SyncCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError

HAS_HOSTS = statement("cluster.has_hosts", "SELECT 1 FROM host WHERE cluster_id = $1 AND removed_ms IS NULL LIMIT 1")


class UpdateCluster(SyncCommand, roles=ADMIN, answer=ClusterView):
    """Updates an existing cluster. What is not given stays as it is."""

    id: Id = param("the cluster", required=True, entity="cluster")
    clustername: str | None = param("new name, unique in the pod")
    clustertype: str | None = param("CloudManaged or ExternalManaged")
    hypervisor: str | None = param("hypervisor of its hosts: KVM")
    allocationstate: str | None = param("Enabled, or Disabled: its hosts take no new instances")
    managedstate: str | None = param("Managed, or Unmanaged: its hosts are left alone")
    arch: str | None = param("CPU architecture; only while the cluster has no hosts", since="4.20")

    async def run(self, call: Call) -> ClusterView:
        cloud = call.cloud
        row = await live(cloud, ClusterRow, self.id, "id")
        arch = checked_architecture(self.arch) if self.arch else None
        if arch is not None and arch != row.arch and await cloud.store.read(HAS_HOSTS, row.id):
            raise ParameterError(f"Cluster {row.name} has hosts of architecture {row.arch}: remove them first")
        txn = TxnSpec("updateCluster").add(
            UPDATE,
            row.id,
            self.clustername or None,
            checked_hypervisor(self.hypervisor) if self.hypervisor else None,
            flag_state("clustertype", self.clustertype, TYPES),
            arch,
            flag_state("allocationstate", self.allocationstate, ("Enabled", "Disabled")),
            flag_state("managedstate", self.managedstate, ("Managed", "Unmanaged")),
            None,
        )
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A cluster with name {self.clustername} already exists in the pod; give another name"
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return await cluster_view(cloud, row.id)
