"""Templates and ISOs as the API shows them: one entry per template and zone."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.command import Caller
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.tag.view import TagView, tags_of
from lakh.resources.template.copies import TemplateCopies
from lakh.resources.template.row import TemplateRow, TemplateStoreRow
from lakh.resources.zone.row import ZoneRow

Int = Annotated[int, msgspec.Meta(extra={"type": "int"})]
Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]


class TemplateView(View, kw_only=True):
    """`isready`, `status`, `size` and `downloaddetails` are of the entry's zone; the last is for root admins."""

    id: str
    name: str
    displaytext: str
    ispublic: bool
    created: ApiDate
    removed: ApiDate | None = None
    isready: bool
    passwordenabled: bool
    format: Enum | None = None
    isfeatured: bool
    bootable: bool | None = None
    crossZones: bool
    ostypeid: str | None = None
    ostypename: str | None = None
    accountid: str
    account: str
    zoneid: str | None = None
    zonename: str | None = None
    status: str | None = None
    size: int | None = None
    physicalsize: int | None = None
    templatetype: str | None = None
    hypervisor: str | None = None
    domain: str
    domainid: str
    domainpath: str
    isextractable: bool
    checksum: str | None = None
    sourcetemplateid: str | None = None
    templatetag: str | None = None
    sshkeyenabled: bool
    isdynamicallyscalable: bool
    directdownload: bool
    deployasis: bool
    requireshvm: bool
    bits: Int
    arch: str
    url: str | None = None
    details: dict[str, str] | None = None
    downloaddetails: list[dict[str, str]] | None = None
    tags: Annotated[list[TagView], as_set]
    forcks: bool
    hasannotations: bool
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "template"


class Entry(NamedTuple):
    """One entry of a list: a template in a zone; no zone where the template is in none."""

    template: TemplateRow
    zone: ZoneRow | None
    copies: list[TemplateStoreRow]

    @property
    def is_ready(self) -> bool:
        return any(copy.is_ready for copy in self.copies)


async def entries(cloud: Cloud, template: TemplateRow, zone_id: int | None = None) -> list[Entry]:
    """A template's entries: the zones where it has a copy, and every zone where it belongs to all."""
    copies = await cloud.part(TemplateCopies).current()
    of_template = copies.of.get(template.id, [])
    held = {copy.zone_id for copy in of_template}
    zones = [zone for zone in await cloud.snapshots.of(ZoneRow) if template.cross_zones or zone.id in held]
    if zone_id is not None:
        zones = [zone for zone in zones if zone.id == zone_id]
    elif not zones:
        return [Entry(template, None, [])]
    return [Entry(template, zone, copies.in_zone(template.id, zone.id)) for zone in zones]


async def template_views(cloud: Cloud, found: list[Entry], caller: Caller) -> list[TemplateView]:
    """The views of a page of entries, in order."""
    names = cloud.part(AccountNames)
    await names.know({entry.template.account_id for entry in found}, set())
    os_types = await cloud.snapshots.of(GuestOsRow)
    templates = await cloud.snapshots.of(TemplateRow)
    stores = await cloud.snapshots.of(ImageStoreRow)
    ids = sorted({entry.template.id for entry in found})
    tags = await tags_of(cloud, "Template", ids) | await tags_of(cloud, "ISO", ids) if ids else {}
    jobs = cloud.worker.acting_on({entry.template.uuid for entry in found})
    views = []
    for entry in found:
        view = _view(entry, names)
        template = entry.template
        view.tags = tags.get(template.id, [])
        if (job := jobs.get(template.uuid)) is not None:
            view.jobid, view.jobstatus = job.uuid, job.status
        os_type = os_types.by_id.get(template.os_type_id)
        if os_type is not None:
            view.ostypeid, view.ostypename = os_type.uuid, os_type.name
        source = templates.by_id.get(template.source_template_id or 0)
        view.sourcetemplateid = source.uuid if source is not None else None
        if caller.is_root_admin or caller.account_id == template.account_id:
            view.status = _status(entry)
            view.url = template.url
        if caller.is_root_admin:
            view.downloaddetails = [_download(copy, stores.by_id[copy.store_id]) for copy in entry.copies]
        views.append(view)
    return views


def _view(entry: Entry, names: AccountNames) -> TemplateView:
    template, zone = entry.template, entry.zone
    owner = names.account(template.account_id)
    details = msgspec.json.decode(template.details_json, type=dict[str, str])
    best = entry.copies[0] if entry.copies else None
    return TemplateView(
        id=template.uuid,
        name=template.name,
        displaytext=template.display_text,
        ispublic=template.is_public,
        created=api_date(template.created_ms),
        removed=None if template.removed_ms is None else api_date(template.removed_ms),
        isready=entry.is_ready,
        passwordenabled=template.password_enabled,
        format=template.format,
        isfeatured=template.is_featured,
        bootable=template.is_bootable,
        crossZones=template.cross_zones,
        accountid=owner.uuid,
        account=owner.name,
        zoneid=zone.uuid if zone else None,
        zonename=zone.name if zone else None,
        size=(best.size_bytes if best else 0) or template.size_bytes or None,
        physicalsize=best.physical_size_bytes if best and best.physical_size_bytes else None,
        templatetype=template.type,
        hypervisor=template.hypervisor,
        domain=owner.domain_name,
        domainid=owner.domain_uuid,
        domainpath=owner.domain_path,
        isextractable=template.is_extractable,
        checksum=template.checksum,
        templatetag=template.tag,
        sshkeyenabled=template.sshkey_enabled,
        isdynamicallyscalable=template.dynamically_scalable,
        directdownload=template.direct_download,
        requireshvm=template.requires_hvm,
        bits=template.bits,
        arch=template.arch,
        details=details or None,
        deployasis=False,
        forcks=False,
        hasannotations=False,
        tags=[],
    )


def _status(entry: Entry) -> str:
    """Where the copy in the zone stands, in CloudStack's words, which clients compare."""
    if not entry.copies:
        return ""
    copy = entry.copies[0]
    if copy.is_ready:
        return "Download Complete" if copy.download_state == "DOWNLOADED" else "Successfully Installed"
    if copy.download_state == "DOWNLOAD_IN_PROGRESS":
        return "Installing Template" if copy.percent == 100 else f"{copy.percent}% Downloaded"
    return copy.error or "Processing"


def _download(copy: TemplateStoreRow, store: ImageStoreRow) -> dict[str, str]:
    return {
        "datastore": store.name,
        "datastoreId": store.uuid,
        "datastoreRole": store.role,
        "downloadPercent": str(copy.percent),
        "downloadState": copy.download_state,
    }
