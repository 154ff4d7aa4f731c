"""What listVolumes and its metrics have in common: every filter of the API as one table, newest first."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Ids, Pairs
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, OwnedListCommand
from lakh.resources.listing import Listing
from lakh.resources.searching import Searched
from lakh.resources.tag.row import pairs_of
from lakh.resources.volume.row import VolumeRow
from lakh.resources.volume.view import VolumeView, volume_views

LISTING = Listing(
    VolumeRow,
    {
        "id": "id = $",
        "ids": "id = ANY($)",
        "name": "name = $",
        "type": "type = $",
        "state": "state = $",
        "zoneid": "zone_id = $",
        "virtualmachineid": "vm_id = $",
        "hostid": "vm_id IN (SELECT id FROM vm WHERE host_id = $ AND removed_ms IS NULL)",
        "podid": "pool_id IN (SELECT id FROM storage_pool WHERE pod_id = $)",
        "clusterid": "pool_id IN (SELECT id FROM storage_pool WHERE cluster_id = $)",
        "storageid": "pool_id IN (SELECT id FROM storage_pool WHERE uuid = LOWER($))",
        "diskofferingid": "disk_offering_id = $",
        "serviceofferingid": "type = 'ROOT' AND vm_id IN"
        " (SELECT id FROM vm WHERE service_offering_id = $ AND removed_ms IS NULL)",
        "displayvolume": "display_volume = $",
        "tags": "id IN (SELECT resource_id FROM resource_tag WHERE resource_type = 'Volume' AND pair = ANY($))",
        "ours": "NOT recreatable",
        "none": "FALSE",
    },
    keyword=("name", "type", "state"),
    order="id DESC",
    holds=(
        "account_id", "domain_id", "zone_id", "pool_id", "vm_id", "disk_offering_id", "type", "state",
        "display_volume", "recreatable",
    ),
    by_index=("name",),
    searches={"keyword": Searched(VolumeRow, "name", containing=("type", "state"))},
)  # fmt: skip


class VolumeListCommand(OwnedListCommand, abstract=True):
    """A list of volumes, with all its filters."""

    id: Id | None = param("this volume only", entity="volume")
    ids: Ids = param("these volumes; not together with id", entity="volume", since="4.9")
    name: str | None = param("volumes of this name")
    type: str | None = param("ROOT or DATADISK")
    state: str | None = param("volumes in this state")
    zoneid: Id | None = param("volumes of this zone", entity="zone")
    podid: Id | None = param("volumes on pools of this pod", entity="pod")
    clusterid: Id | None = param("volumes on pools of this cluster", entity="cluster", roles=["Admin"])
    storageid: str | None = param("volumes on the pool of this id", since="4.3", roles=["Admin"])
    hostid: Id | None = param("volumes of Instances on this host", entity="host")
    virtualmachineid: Id | None = param("volumes attached to this Instance", entity="vm")
    diskofferingid: Id | None = param("volumes of this disk offering", entity="disk_offering", since="4.4")
    serviceofferingid: Id | None = param(
        "root volumes of Instances of this offering", entity="service_offering", since="4.19.1"
    )
    displayvolume: bool | None = param("volumes shown to their owners, or hidden ones", since="4.4", roles=["Admin"])
    isencrypted: bool | None = param("encrypted volumes; there are none", since="4.19.1", roles=["Admin"])
    listsystemvms: bool = param("those of system VMs too", default=False, since="4.18", roles=["Admin"])
    retrieveonlyresourcecount: bool = param("answer the count only", default=False)
    tags: Pairs = param("volumes with one of these tags")

    async def listed(self, call: Call) -> tuple[int, list[VolumeView]]:
        """(count, views of the page). Raises ParameterError, PermissionDeniedError."""
        if self.id is not None and self.ids:
            raise ParameterError("Specify either id or ids but not both parameters")
        window = self.window()
        scope = await owned_scope(call, self, by_id=self.id is not None or bool(self.ids))
        filters = self._filters(call)
        if self.retrieveonlyresourcecount:
            return await LISTING.count(call.cloud, scope, filters, self.keyword), []
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, window)
        return count, await volume_views(call.cloud, rows, call.caller)

    def _filters(self, call: Call) -> dict[str, Any]:
        direct = (
            "id", "name", "state", "zoneid", "podid", "clusterid", "storageid", "hostid", "virtualmachineid",
            "diskofferingid", "serviceofferingid", "displayvolume",
        )  # fmt: skip
        filters: dict[str, Any] = {name: getattr(self, name) for name in direct}
        filters["ids"] = self.ids or None
        filters["type"] = self.type.upper() if self.type else None
        filters["tags"] = pairs_of(self.tags)
        filters["none"] = self.isencrypted is True
        filters["ours"] = not self.listsystemvms
        if not call.caller.is_root_admin:
            filters["displayvolume"] = True
        return filters
