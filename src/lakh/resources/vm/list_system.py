"""listSystemVms."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.vm.held import VMS
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.system_view import API_TYPES, SystemVmView, system_vm_views

TYPES = {shown: kind for kind, shown in API_TYPES.items()}

LISTING = Listing(
    VmRow,
    {
        "id": "id = $",
        "type": "type = $",
        "name": "instance_name = $",
        "state": "state = $",
        "zoneid": "zone_id = $",
        "podid": "pod_id = $",
        "hostid": "host_id = $",
        "arch": "arch = $",
        "storageid": "id IN (SELECT vm_id FROM volume WHERE pool_id = $ AND removed_ms IS NULL)",
    },
    keyword=("instance_name", "state"),
    always="removed_ms IS NULL AND type <> 'User' AND type IN ('SecondaryStorageVm', 'ConsoleProxy')",
    name="system_vm",
    holds=VMS,
    by_index=("name",),
)


class ListSystemVms(
    ListCommand,
    roles=("Admin", "ResourceAdmin"),
    answer=SystemVmView,
    java_class="org.apache.cloudstack.api.command.admin.systemvm.ListSystemVMsCmd",
):
    """Lists the VMs that the cloud runs for itself: secondary storage and console proxies."""

    id: Id | None = param("the system VM", entity="vm")
    name: str | None = param("its name")
    systemvmtype: str | None = param("secondarystoragevm or consoleproxy")
    state: str | None = param("its state")
    zoneid: Id | None = param("its zone", entity="zone")
    podid: Id | None = param("its pod", entity="pod")
    hostid: Id | None = param("the host it runs on", entity="host")
    storageid: Id | None = param("the storage pool of its disk", entity="storage_pool", since="3.0.1")
    arch: str | None = param("its CPU architecture", since="4.20.1")

    async def run(self, call: Call) -> Listed:
        kind = self.systemvmtype
        filters = {
            "id": self.id,
            "type": None if not kind else TYPES.get(kind.lower(), "none"),
            "name": self.name,
            "state": self.state,
            "zoneid": self.zoneid,
            "podid": self.podid,
            "hostid": self.hostid,
            "arch": self.arch,
            "storageid": self.storageid,
        }
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=self.window())
        return Listed(count, list(await system_vm_views(call.cloud, rows)))
