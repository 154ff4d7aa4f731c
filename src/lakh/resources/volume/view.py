"""Volumes as the API shows them: one batched read per related table for a whole page, names from memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, admin_only, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.command import Caller
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.pod.row import PodRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.tag.view import TagView, tags_of
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import BY_IDS as VMS_BY_IDS
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow


class VolumeView(View, kw_only=True):
    """A volume. `storage`, `storageid`, `path` and where they are is for root admins."""

    id: str
    name: str
    zoneid: str
    zonename: str
    type: str
    deviceid: int | None = None
    virtualmachineid: str | None = None
    vmname: str | None = None
    vmdisplayname: str | None = None
    vmstate: str | None = None
    vmtype: str | None = None
    provisioningtype: str
    size: int
    miniops: int | None = None
    maxiops: int | None = None
    created: ApiDate
    attached: ApiDate | None = None
    state: str
    account: str
    domainid: str
    domain: str
    domainpath: str
    storagetype: str
    diskBytesReadRate: int | None = None
    diskBytesWriteRate: int | None = None
    diskIopsReadRate: int | None = None
    diskIopsWriteRate: int | None = None
    hypervisor: str | None = None
    diskofferingid: str | None = None
    diskofferingname: str | None = None
    diskofferingdisplaytext: str | None = None
    serviceofferingid: str | None = None
    serviceofferingname: str | None = None
    serviceofferingdisplaytext: str | None = None
    storage: str | None = None
    storageid: str | None = None
    destroyed: bool
    isextractable: bool
    templateid: str | None = None
    templatename: str | None = None
    templatedisplaytext: str | None = None
    path: str | None = None
    chaininfo: str | None = None
    displayvolume: Annotated[bool | None, admin_only] = None
    clusterid: str | None = None
    clustername: str | None = None
    podid: str | None = None
    podname: str | None = None
    quiescevm: bool
    supportsstoragesnapshot: bool
    deleteprotection: bool
    tags: Annotated[list[TagView], as_set]
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "volume"


async def volume_views(cloud: Cloud, volumes: Sequence[VolumeRow], caller: Caller) -> list[VolumeView]:
    """The views of a page of volumes, in order."""
    if not volumes:
        return []
    names = cloud.part(AccountNames)
    await names.know({volume.account_id for volume in volumes}, set())
    vm_ids = sorted({volume.vm_id for volume in volumes if volume.vm_id is not None})
    vms = {vm.id: vm for vm in await cloud.store.rows(VMS_BY_IDS, vm_ids)} if vm_ids else {}
    tags = await tags_of(cloud, "Volume", [volume.id for volume in volumes])
    jobs = cloud.worker.acting_on({volume.uuid for volume in volumes})
    found = []
    for volume in volumes:
        view = await _view(cloud, volume, names)
        await _add_offerings(cloud, view, volume)
        vm = vms.get(volume.vm_id or 0)
        if vm is not None:
            await _add_vm(cloud, view, vm)
        view.tags = tags.get(volume.id, [])
        if caller.is_root_admin:
            await _for_admins(cloud, view, volume)
        if (job := jobs.get(volume.uuid)) is not None:
            view.jobid, view.jobstatus = job.uuid, job.status
        found.append(view)
    return found


async def _view(cloud: Cloud, volume: VolumeRow, names: AccountNames) -> VolumeView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[volume.zone_id]
    owner = names.account(volume.account_id)
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(volume.template_id or 0)
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id.get(volume.pool_id or 0)
    return VolumeView(
        id=volume.uuid,
        name=volume.name,
        zoneid=zone.uuid,
        zonename=zone.name,
        type=volume.type,
        deviceid=volume.device_id,
        provisioningtype=volume.provisioning_type,
        size=volume.size_bytes,
        miniops=volume.min_iops,
        maxiops=volume.max_iops,
        created=api_date(volume.created_ms),
        attached=None if volume.attached_ms is None or volume.vm_id is None else api_date(volume.attached_ms),
        state=volume.state,
        account=owner.name,
        domainid=owner.domain_uuid,
        domain=owner.domain_name,
        domainpath=owner.domain_path,
        storagetype="local" if pool is not None and pool.scope == "HOST" else "shared",
        hypervisor="KVM" if volume.pool_id is not None else None,
        destroyed=volume.state in ("Destroy", "Expunging", "Expunged"),
        isextractable=True,
        templateid=template.uuid if template else None,
        templatename=template.name if template else None,
        templatedisplaytext=template.display_text if template else None,
        deleteprotection=volume.delete_protection,
        quiescevm=False,
        supportsstoragesnapshot=False,
        hasannotations=False,
        tags=[],
    )


async def _add_offerings(cloud: Cloud, view: VolumeView, volume: VolumeRow) -> None:
    offering = (await cloud.snapshots.of(DiskOfferingRow)).by_id.get(volume.disk_offering_id or 0)
    if offering is None:
        return
    if not offering.compute_only:
        view.diskofferingid, view.diskofferingname = offering.uuid, offering.name
        view.diskofferingdisplaytext = offering.display_text
    rates = msgspec.json.decode(offering.rates_json, type=dict[str, int])
    view.diskBytesReadRate, view.diskBytesWriteRate = rates.get("bytesreadrate"), rates.get("byteswriterate")
    view.diskIopsReadRate, view.diskIopsWriteRate = rates.get("iopsreadrate"), rates.get("iopswriterate")


async def _add_vm(cloud: Cloud, view: VolumeView, vm: VmRow) -> None:
    view.virtualmachineid, view.vmname, view.vmstate = vm.uuid, vm.name, vm.state
    view.vmdisplayname, view.vmtype, view.hypervisor = vm.display_name or vm.name, vm.type, vm.hypervisor
    if view.type != "ROOT":
        return
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id.get(vm.service_offering_id)
    if offering is not None:
        view.serviceofferingid, view.serviceofferingname = offering.uuid, offering.name
        view.serviceofferingdisplaytext = offering.display_text


async def _for_admins(cloud: Cloud, view: VolumeView, volume: VolumeRow) -> None:
    view.displayvolume, view.path, view.chaininfo = volume.display_volume, volume.path, volume.chain_info
    pool = (await cloud.snapshots.of(StoragePoolRow)).by_id.get(volume.pool_id or 0)
    if pool is None:
        return
    view.storage, view.storageid = pool.name, pool.uuid
    if (cluster := (await cloud.snapshots.of(ClusterRow)).by_id.get(pool.cluster_id or 0)) is not None:
        view.clusterid, view.clustername = cluster.uuid, cluster.name
    if (pod := (await cloud.snapshots.of(PodRow)).by_id.get(pool.pod_id or 0)) is not None:
        view.podid, view.podname = pod.uuid, pod.name
