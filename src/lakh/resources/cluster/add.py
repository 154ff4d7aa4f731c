"""addCluster: a cluster in a pod. Hosts join it by themselves."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.resources.cluster.kinds import TYPES, checked_architecture, checked_hypervisor
from lakh.resources.cluster.row import INSERT, ClusterRow
from lakh.resources.cluster.view import ClusterView, cluster_view
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.resources.pod.row import LIVE as LIVE_POD
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

STATES = ("Enabled", "Disabled")


class AddCluster(SyncCommand, roles=ADMIN, answer=ClusterView, envelope="list"):
    """Adds a new cluster"""

    zoneid: Id = param("the zone of the cluster", required=True, entity="zone")
    podid: Id = param("the pod of the cluster", required=True, entity="pod")
    clustername: str = param("name of the cluster, unique in its pod", required=True)
    clustertype: str = param("CloudManaged or ExternalManaged", required=True)
    hypervisor: str = param("hypervisor of its hosts: KVM", required=True)
    arch: str | None = param("CPU architecture of its hosts; x86_64 when absent", since="4.20")
    allocationstate: str | None = param("Enabled or Disabled; Enabled when absent")
    storageaccessgroups: Strings = param("storage access groups of the cluster's hosts", since="4.21.0")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        zone = await live(cloud, ZoneRow, self.zoneid, "zoneid")
        pod = await live(cloud, PodRow, self.podid, "podid")
        if pod.zone_id != zone.id:
            raise ParameterError(f"Pod {pod.uuid} doesn't belong to zone {zone.uuid}: give a pod of the zone")
        row = self._row(call, pod)
        txn = TxnSpec("addCluster").add(LIVE_POD, pod.id).put(INSERT, row)
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A cluster with name {self.clustername} already exists in pod {pod.uuid}; give another name"
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return Listed(1, [await cluster_view(cloud, row.id)])

    def _row(self, call: Call, pod: PodRow) -> ClusterRow:
        cloud = call.cloud
        settings = cloud.part(Settings)
        kind = flag_state("clustertype", self.clustertype, TYPES)
        groups = ",".join(self.storageaccessgroups)
        return ClusterRow(
            id=cloud.id("cluster"),
            uuid=cloud.uuid(),
            name=self.clustername,
            zone_id=pod.zone_id,
            pod_id=pod.id,
            hypervisor=checked_hypervisor(self.hypervisor),
            cluster_type=kind or "CloudManaged",
            arch=checked_architecture(self.arch or "x86_64"),
            allocation_state=flag_state("allocationstate", self.allocationstate, STATES) or "Enabled",
            managed_state="Managed",
            cpu_overcommit=settings.number("cpu.overprovisioning.factor"),
            memory_overcommit=settings.number("mem.overprovisioning.factor"),
            details_json=msgspec.json.encode({"storageaccessgroups": groups} if groups else {}).decode(),
            created_ms=cloud.now_ms(),
        )
