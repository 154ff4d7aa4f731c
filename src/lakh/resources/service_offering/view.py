"""Service offerings as the API shows them, with the disk offering that their root disks follow."""

from __future__ import annotations

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.disk_offering.view import RATES
from lakh.resources.offering_scope import places_of
from lakh.resources.service_offering.row import ServiceOfferingRow

GIB = 1 << 30


class ServiceOfferingView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    displaytext: str | None = None
    cpunumber: Integer | None = None
    cpuspeed: Integer | None = None
    memory: Integer | None = None
    created: ApiDate | None = None
    storagetype: str | None = None
    provisioningtype: str | None = None
    offerha: bool | None = None
    limitcpuuse: bool | None = None
    isvolatile: bool | None = None
    storagetags: str | None = None
    domainid: str | None = None
    domain: str | None = None
    zoneid: str | None = None
    zone: str | None = None
    hosttags: str | None = None
    issystem: bool | None = None
    defaultuse: bool | None = None
    systemvmtype: str | None = None
    networkrate: Integer | None = None
    iscustomizediops: bool | None = None
    miniops: int | None = None
    maxiops: int | None = None
    diskBytesReadRate: int | None = None
    diskBytesReadRateMax: int | None = None
    diskBytesReadRateMaxLength: int | None = None
    diskBytesWriteRate: int | None = None
    diskBytesWriteRateMax: int | None = None
    diskBytesWriteRateMaxLength: int | None = None
    diskIopsReadRate: int | None = None
    diskIopsReadRateMax: int | None = None
    diskIopsReadRateMaxLength: int | None = None
    diskIopsWriteRate: int | None = None
    diskIopsWriteRateMax: int | None = None
    diskIopsWriteRateMaxLength: int | None = None
    deploymentplanner: str | None = None
    serviceofferingdetails: dict[str, str] | None = None
    iscustomized: bool | None = None
    cacheMode: str | None = None
    rootdisksize: int | None = None
    dynamicscalingenabled: bool | None = None
    diskofferingstrictness: bool | None = None
    diskofferingid: str | None = None
    diskofferingname: str | None = None
    diskofferingdisplaytext: str | None = None
    encryptroot: bool | None = None
    state: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "serviceoffering"


async def service_offering_view(cloud: Cloud, row: ServiceOfferingRow) -> ServiceOfferingView:
    places = await places_of(cloud, row)
    rate = cloud.part(Settings).integer("vm.network.throttling.rate")
    view = ServiceOfferingView(
        id=row.uuid,
        name=row.name,
        displaytext=row.display_text,
        cpunumber=row.cpus,
        cpuspeed=row.speed_mhz,
        memory=row.memory_mb,
        created=api_date(row.created_ms),
        storagetype=row.storage_type,
        provisioningtype=row.provisioning_type,
        offerha=row.ha_enabled,
        limitcpuuse=row.limit_cpu_use,
        isvolatile=row.is_volatile,
        storagetags=row.storage_tags,
        domainid=places.domain_uuids,
        domain=places.domain_names,
        zoneid=places.zone_uuids,
        zone=places.zone_names,
        hosttags=row.host_tag,
        issystem=row.is_system,
        defaultuse=row.default_use,
        systemvmtype=row.system_vm_type,
        networkrate=rate if row.network_rate_mbps is None else row.network_rate_mbps,
        deploymentplanner=row.deployment_planner,
        serviceofferingdetails=msgspec.json.decode(row.details_json, type=dict[str, str]) or None,
        iscustomized=row.is_customized,
        cacheMode=row.cache_mode,
        rootdisksize=row.root_disk_bytes // GIB,
        dynamicscalingenabled=row.dynamic_scaling,
        diskofferingstrictness=row.disk_offering_strictness,
        state=row.state,
        hasannotations=False,
    )
    await _add_disk(cloud, view, row)
    return view


async def _add_disk(cloud: Cloud, view: ServiceOfferingView, row: ServiceOfferingRow) -> None:
    disk = (await cloud.snapshots.of(DiskOfferingRow)).by_id.get(row.disk_offering_id or 0)
    if disk is None:
        return
    view.diskofferingid, view.diskofferingname, view.diskofferingdisplaytext = disk.uuid, disk.name, disk.display_text
    view.iscustomizediops, view.miniops, view.maxiops = disk.custom_iops, disk.min_iops, disk.max_iops
    view.encryptroot = disk.encrypt
    for name, value in msgspec.json.decode(disk.rates_json, type=dict[str, int]).items():
        setattr(view, RATES[name], value)
