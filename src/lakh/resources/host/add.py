"""addHost: a KVM host that an operator names by its address.

Agents register by themselves (agent-protocol 3.1): one that is installed and knows this server's address joins the
zone, pod and cluster it is configured for. Installing it on a bare machine is not this server's business, so the
command answers the host that came from that address, and says what to do when none did.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from lakh.base.errors import InternalError, ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.resources.cluster.kinds import checked_hypervisor
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, Listed, SyncCommand
from lakh.resources.host.index import HostIndex
from lakh.resources.host.resource_state import live_host, move
from lakh.resources.host.row import HostRow
from lakh.resources.host.tags import set_tags
from lakh.resources.host.view import HostView, host_view
from lakh.resources.live import live
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec, select

AT_ADDRESS = select(
    "host.at_address", HostRow, "WHERE private_ip = $1 AND removed_ms IS NULL AND type = 'Routing' LIMIT 2"
)


class AddHost(SyncCommand, roles=("Admin", "ResourceAdmin"), answer=HostView, envelope="list"):
    """Adds a new host."""

    zoneid: Id = param("the zone of the host", required=True, entity="zone")
    podid: Id = param("the pod of the host", required=True, entity="pod")
    clusterid: Id | None = param("the cluster of the host", entity="cluster")
    clustername: str | None = param("the cluster of the host by name; instead of clusterid")
    hypervisor: str = param("hypervisor of the host: KVM", required=True)
    url: str = param("the host's address: http://10.1.1.5", required=True)
    username: str | None = param("not needed: agents register by themselves")
    password: str | None = param("not needed: agents register by themselves", secret=True)
    hosttags: Strings = param("tags of the host")
    allocationstate: str | None = param("Enabled, or Disabled: it takes no instances yet")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        checked_hypervisor(self.hypervisor)
        cluster = await self._cluster(call)
        address = urlsplit(self.url if "://" in self.url else f"http://{self.url}").hostname or ""
        if not address:
            raise ParameterError(f"Invalid parameter url {self.url}: give http://<address of the host>")
        host = await self._host(call, address, cluster)
        txn, tags = TxnSpec("addHost"), None
        if self.hosttags:
            tags = await set_tags(cloud, txn, host, self.hosttags)
        if (self.allocationstate or "").lower() == "disabled" and host.resource_state == "Enabled":
            move(txn, host, "Disable")
        if txn.steps:
            await cloud.store.submit(txn)
            host = await live_host(cloud, host.id)
            cloud.part(HostIndex).upsert(host, tags)
        return Listed(1, [await host_view(cloud, host)])

    async def _cluster(self, call: Call) -> ClusterRow:
        zone = await live(call.cloud, ZoneRow, self.zoneid, "zoneid")
        pod = await live(call.cloud, PodRow, self.podid, "podid")
        if pod.zone_id != zone.id:
            raise ParameterError(f"Pod {pod.uuid} doesn't belong to zone {zone.uuid}: give a pod of the zone")
        if self.clusterid is not None:
            cluster = await live(call.cloud, ClusterRow, self.clusterid, "clusterid")
        else:
            named = [c for c in await call.cloud.snapshots.of(ClusterRow) if c.name == self.clustername]
            found = next((c for c in named if c.pod_id == pod.id), None)
            if found is None:
                raise ParameterError("Unable to find the cluster: give clusterid, or clustername of one in the pod")
            cluster = found
        if cluster.pod_id != pod.id:
            raise ParameterError(f"Cluster {cluster.uuid} is not in pod {pod.uuid}: give a cluster of the pod")
        return cluster

    async def _host(self, call: Call, address: str, cluster: ClusterRow) -> HostRow:
        rows = await call.cloud.store.rows(AT_ADDRESS, address)
        host = next((row for row in rows if row.cluster_id == cluster.id), None)
        if host is not None:
            return host
        if rows:
            raise ParameterError(
                f"The host at {address} joined another cluster: set cluster={cluster.uuid} in its agent.properties"
            )
        raise InternalError(
            f"No agent at {address} has registered: install it there, set host, zone, pod and"
            f" cluster={cluster.uuid} in its agent.properties, and start it; it then adds the host by itself"
        )
