"""Disk offerings as the API shows them."""

from __future__ import annotations

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.offering_scope import places_of

GIB = 1 << 30


class DiskOfferingView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    displaytext: str | None = None
    disksize: int | None = None
    created: ApiDate | None = None
    iscustomized: bool | None = None
    iscustomizediops: bool | None = None
    tags: str | None = None
    domainid: str | None = None
    domain: str | None = None
    zoneid: str | None = None
    zone: str | None = None
    storagetype: str | None = None
    provisioningtype: str | None = None
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
    cacheMode: str | None = None
    displayoffering: bool | None = None
    disksizestrictness: bool | None = None
    encrypt: bool | None = None
    details: dict[str, str] | None = None
    state: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "diskoffering"


RATES = {
    "bytesreadrate": "diskBytesReadRate",
    "bytesreadratemax": "diskBytesReadRateMax",
    "bytesreadratemaxlength": "diskBytesReadRateMaxLength",
    "byteswriterate": "diskBytesWriteRate",
    "byteswriteratemax": "diskBytesWriteRateMax",
    "byteswriteratemaxlength": "diskBytesWriteRateMaxLength",
    "iopsreadrate": "diskIopsReadRate",
    "iopsreadratemax": "diskIopsReadRateMax",
    "iopsreadratemaxlength": "diskIopsReadRateMaxLength",
    "iopswriterate": "diskIopsWriteRate",
    "iopswriteratemax": "diskIopsWriteRateMax",
    "iopswriteratemaxlength": "diskIopsWriteRateMaxLength",
}
"""Parameter → answer field of each rate."""


async def disk_offering_view(cloud: Cloud, row: DiskOfferingRow) -> DiskOfferingView:
    places = await places_of(cloud, row)
    view = DiskOfferingView(
        id=row.uuid,
        name=row.name,
        displaytext=row.display_text,
        disksize=row.disk_bytes // GIB,
        created=api_date(row.created_ms),
        iscustomized=row.is_customized,
        iscustomizediops=row.custom_iops,
        tags=row.tags,
        domainid=places.domain_uuids,
        domain=places.domain_names,
        zoneid=places.zone_uuids,
        zone=places.zone_names,
        storagetype=row.storage_type,
        provisioningtype=row.provisioning_type,
        miniops=row.min_iops,
        maxiops=row.max_iops,
        cacheMode=row.cache_mode,
        displayoffering=row.display_offering,
        disksizestrictness=row.disk_size_strictness,
        encrypt=row.encrypt,
        details=msgspec.json.decode(row.details_json, type=dict[str, str]) or None,
        state=row.state,
        hasannotations=False,
    )
    for name, value in msgspec.json.decode(row.rates_json, type=dict[str, int]).items():
        setattr(view, RATES[name], value)
    return view
