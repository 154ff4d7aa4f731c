"""findHostsForMigration: where a running VM could go, and whether there is room."""

from __future__ import annotations

from dataclasses import replace

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.placement.plan import Plan, place
from lakh.resources.affinity_group.placement import affinity_of
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostRow
from lakh.resources.host.view import HostView, host_views
from lakh.resources.vm.access import user_vm
from lakh.resources.vm.choose_host import request_for
from lakh.resources.vm.launch import LaunchState
from lakh.resources.volume.row import OF_VM as VOLUMES_OF_VM
from lakh.store.statement import select

BY_IDS = select("host.for_migration", HostRow, "WHERE id = ANY($1) ORDER BY id")


class HostForMigrationView(HostView, kw_only=True):
    """A host, and whether disks would have to move along."""

    requiresStorageMotion: bool | None = None

    OBJECT = "host"


class FindHostsForMigration(
    ListCommand,
    roles=ADMIN,
    answer=HostForMigrationView,
    java_class="org.apache.cloudstack.api.command.admin.host.FindHostsForMigrationCmd",
):
    """Lists the hosts that an Instance could be migrated to; those with room are `suitableformigration`."""

    virtualmachineid: Id = param("the Instance", required=True, entity="vm")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        vm = await user_vm(call, self.virtualmachineid, "virtualmachineid")
        if vm.state != "Running":
            raise ParameterError(f"Instance {vm.uuid} is {vm.state}; only a running one can be migrated")
        index = cloud.part(HostIndex)
        await index.load()
        volumes = await cloud.store.rows(VOLUMES_OF_VM, vm.id)
        affinity = await affinity_of(cloud, vm.id)
        request = await request_for(cloud, vm, LaunchState(vm_id=vm.id), volumes, affinity)
        columns = index.columns
        usable = sorted(columns.host_id[slot] for slot in columns.usable_in("zone", vm.zone_id).slots)
        fit = [i for i in usable if i != vm.host_id and self._named(index.facts[i].name)]
        if request.storage_clusters is not None:
            fit = [i for i in fit if index.facts[i].cluster_id in request.storage_clusters]
        offset, limit = self.window()
        rows = await cloud.store.rows(BY_IDS, fit[offset : offset + limit])
        views = []
        for row, host in zip(rows, await host_views(cloud, rows), strict=True):
            has_room = isinstance(place(columns, replace(request, host_id=row.id), cloud.random), Plan)
            fields = {name: getattr(host, name) for name in host.__struct_fields__}
            fields |= {"suitableformigration": has_room, "hasenoughcapacity": has_room}
            views.append(HostForMigrationView(**fields, requiresStorageMotion=False))
        return Listed(len(fit), list(views))

    def _named(self, name: str) -> bool:
        return not self.keyword or self.keyword.lower() in name.lower()
