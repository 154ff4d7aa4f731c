"""listInfrastructure: how much of everything there is."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.declaration import ADMIN
from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.alert.listing import ALERTS
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Call, SyncCommand
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.pod.row import PodRow
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.row import CONSOLE_PROXY, DOMAIN_ROUTER, OF_TYPE, SECONDARY_STORAGE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import statement

SOCKETS = statement(
    "host.sockets",
    "SELECT CAST(COALESCE(SUM(cpu_sockets), 0) AS BIGINT) FROM host WHERE removed_ms IS NULL AND type = 'Routing'",
    full_scan="asked for one page of the user interface; the sum of all hosts needs all hosts",
)


class InfrastructureView(View):
    OBJECT: ClassVar[str] = "infrastructure"

    zones: Integer | None = None
    pods: Integer | None = None
    clusters: Integer | None = None
    hosts: Integer | None = None
    cpusockets: Integer | None = None
    storagepools: Integer | None = None
    imagestores: Integer | None = None
    objectstores: Integer | None = None
    backuprepositories: Integer | None = None
    systemvms: Integer | None = None
    routers: Integer | None = None
    ilbvms: Integer | None = None
    alerts: Integer | None = None
    managementservers: Integer | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


class ListInfrastructure(SyncCommand, roles=ADMIN, answer=InfrastructureView, since="4.9.3"):
    """Lists infrastructure"""

    async def run(self, call: Call) -> InfrastructureView:
        cloud = call.cloud
        index = cloud.part(HostIndex)
        await index.load()
        return InfrastructureView(
            zones=len((await cloud.snapshots.of(ZoneRow)).live),
            pods=len((await cloud.snapshots.of(PodRow)).live),
            clusters=len((await cloud.snapshots.of(ClusterRow)).live),
            hosts=index.census.count(lambda c: c.type == ROUTING),
            cpusockets=(await cloud.store.read(SOCKETS))[0][0],
            storagepools=len((await cloud.snapshots.of(StoragePoolRow)).live),
            imagestores=len((await cloud.snapshots.of(ImageStoreRow)).live),
            objectstores=0,
            backuprepositories=0,
            systemvms=await _vms(cloud, SECONDARY_STORAGE) + await _vms(cloud, CONSOLE_PROXY),
            routers=await _vms(cloud, DOMAIN_ROUTER),
            ilbvms=0,
            alerts=await ALERTS.count(cloud),
            managementservers=len((await cloud.snapshots.of(ManagementServerRow)).live),
        )


async def _vms(cloud: Cloud, kind: str) -> int:
    return len(await cloud.store.rows(OF_TYPE, kind))
