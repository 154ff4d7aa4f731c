"""Which image stores a new template is downloaded to, and the rows that ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.command import Call
from lakh.resources.configuration.values import Settings
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.template.row import TemplateRow, TemplateStoreRow
from lakh.resources.zone.row import ZoneRow


async def wanted_zones(call: Call, zone_ids: Sequence[int]) -> tuple[list[ZoneRow], bool]:
    """The zones a template is for, and whether those are all. Nothing, or -1, stands for all; only admins may.

    Raises ParameterError, PermissionDeniedError.
    """
    zones = await call.cloud.snapshots.of(ZoneRow)
    if not zone_ids or -1 in zone_ids:
        if len(zone_ids) > 1:
            raise ParameterError("Zone id -1 stands for all zones and cannot be given with others")
        if not call.caller.is_root_admin:
            raise ParameterError("Please specify a valid zone Id. Only admins can create templates in all zones.")
        return list(zones), True
    found = []
    for zone_id in dict.fromkeys(zone_ids):
        zone = zones.by_id[zone_id]
        if zone.removed_ms is not None:
            raise ParameterError(f"Unable to find zone {zone.uuid}: it does not exist any more")
        if zone.allocation_state == "Disabled" and not call.caller.is_root_admin:
            raise PermissionDeniedError(f"Cannot perform this operation, Zone is currently disabled: {zone.name}")
        found.append(zone)
    return found, False


async def copies_for(cloud: Cloud, template: TemplateRow, zones: Sequence[ZoneRow]) -> list[TemplateStoreRow]:
    """A row per image store that is to hold the template: all of the zone, or as many as the copy limits say.

    Raises ParameterError for a zone without an image store that can take it.
    """
    settings = cloud.part(Settings)
    kind = "public" if template.is_public else "private"
    full = settings.number("secondary.storage.capacity.threshold") or 1.0
    stores = list(await cloud.snapshots.of(ImageStoreRow))
    made: list[TemplateStoreRow] = []
    for zone in zones:
        fitting = [
            store
            for store in stores
            if store.zone_id == zone.id
            and store.role == "Image"
            and not store.read_only
            and (store.used_bytes or 0) <= full * (store.capacity_bytes or store.used_bytes or 0)
        ]
        if not fitting and template.cross_zones:
            continue  # it comes there when the zone gets a store
        if not fitting:
            raise ParameterError(
                f"Unable to find an image store with room for the template in zone {zone.name}: add one there"
            )
        cloud.random.shuffle(fitting)
        most = settings.integer(f"secstorage.{kind}.template.copy.max", ("Zone", zone.id))
        made += [_copy(cloud, template, store, zone) for store in fitting[: most or len(fitting)]]
    return made


def _copy(cloud: Cloud, template: TemplateRow, store: ImageStoreRow, zone: ZoneRow) -> TemplateStoreRow:
    return TemplateStoreRow(
        template_id=template.id,
        store_id=store.id,
        zone_id=zone.id,
        state="Allocated",
        download_state="NOT_DOWNLOADED",
        percent=0,
        install_path=None,
        size_bytes=0,
        physical_size_bytes=0,
        remote_job=None,
        error=None,
        updated_ms=cloud.now_ms(),
    )
