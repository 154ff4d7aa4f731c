"""listRouters."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.router.view import RouterView, router_views
from lakh.resources.vm.held import VMS
from lakh.resources.vm.row import VmRow

LISTING = Listing(
    VmRow,
    {
        "id": "id = $",
        "name": "instance_name = $",
        "state": "LOWER(state) = $",
        "zoneid": "zone_id = $",
        "podid": "pod_id = $",
        "hostid": "host_id = $",
        "clusterid": "host_id IN (SELECT id FROM host WHERE cluster_id = $ AND removed_ms IS NULL)",
        "networkid": "network_id = $",
        "arch": "arch = $",
    },
    keyword=("instance_name", "state"),
    always="removed_ms IS NULL AND type = 'DomainRouter' AND type <> 'User'",
    name="router",
    holds=VMS,
    by_index=("name", "networkid"),
)


class ListRouters(OwnedListCommand, answer=RouterView, roles=ADMINS):
    """Lists routers."""

    id: Id | None = param("the router of this id", entity="vm")
    name: str | None = param("the router of this name")
    state: str | None = param("those in this state")
    zoneid: Id | None = param("those of this zone", entity="zone")
    podid: Id | None = param("those in this pod", entity="pod")
    clusterid: Id | None = param("those on hosts of this cluster", entity="cluster")
    hostid: Id | None = param("those on this host", entity="host")
    networkid: Id | None = param("those of this network", entity="network")
    arch: str | None = param("those of this CPU architecture", since="4.20.1")

    async def run(self, call: Call) -> Listed:
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {
            "id": self.id,
            "name": self.name,
            "state": self.state.lower() if self.state else None,
            "zoneid": self.zoneid,
            "podid": self.podid,
            "hostid": self.hostid,
            "clusterid": self.clusterid,
            "networkid": self.networkid,
            "arch": self.arch,
        }
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, self.window())
        return Listed(count, list(await router_views(call.cloud, rows)))
