"""Image stores as the API shows them."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.zone.row import ZoneRow

Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]


class ImageStoreView(View):
    """Sizes are bytes."""

    OBJECT: ClassVar[str] = "imagestore"

    id: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    name: str | None = None
    url: str | None = None
    protocol: str | None = None
    providername: str | None = None
    scope: Enum | None = None
    readonly: bool | None = None
    disksizetotal: int | None = None
    disksizeused: int | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def image_store_view(cloud: Cloud, row: ImageStoreRow) -> ImageStoreView:
    """The view of one store."""
    zone = (await cloud.snapshots.of(ZoneRow)).by_id.get(row.zone_id or 0)
    return ImageStoreView(
        id=row.uuid,
        zoneid=zone.uuid if zone else None,
        zonename=zone.name if zone else None,
        name=row.name,
        url=row.url,
        protocol=row.protocol,
        providername=row.provider,
        scope=row.scope,
        readonly=row.read_only,
        disksizetotal=row.capacity_bytes,
        disksizeused=row.used_bytes,
        hasannotations=False,
    )
