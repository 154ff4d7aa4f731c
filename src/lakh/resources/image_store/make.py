"""A new NFS image store, whichever command asks for it."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from lakh.base.errors import ParameterError
from lakh.resources.command import Call
from lakh.resources.image_store.row import INSERT, ImageStoreRow
from lakh.resources.live import live
from lakh.resources.zone.row import LIVE as LIVE_ZONE
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec


async def make_nfs_store(
    call: Call, name: str | None, url: str | None, zone_id: int | None, details: dict[str, str]
) -> ImageStoreRow:
    """Stores it. Raises ParameterError for a url that is not nfs://host/path, is in use, or for a missing zone."""
    cloud = call.cloud
    parts = urlsplit(url or "")
    if parts.scheme.lower() != "nfs" or not parts.hostname or not parts.path.strip("/"):
        raise ParameterError(f"Invalid parameter url {url or ''}: give nfs://host/path")
    if zone_id is None:
        raise ParameterError("An NFS image store belongs to a zone: give zoneid")
    zone = await live(cloud, ZoneRow, zone_id, "zoneid")
    place = f"nfs://{parts.netloc}{parts.path.rstrip('/')}"
    for other in await cloud.snapshots.of(ImageStoreRow):
        if other.url == place:
            raise ParameterError(f"Image store {other.name} already uses {place}; give another url")
        if name and other.name == name:
            raise ParameterError(f"The image store with name {name} already exists, try creating with another name")
    row = ImageStoreRow(
        id=cloud.id("image_store"),
        uuid=cloud.uuid(),
        name=name or place,
        provider="NFS",
        protocol="nfs",
        url=place,
        scope="ZONE",
        role="Image",
        zone_id=zone.id,
        read_only=False,
        parent=None,
        capacity_bytes=None,
        used_bytes=None,
        details_json=msgspec.json.encode(details).decode(),
        created_ms=cloud.now_ms(),
    )
    await cloud.store.submit(TxnSpec("addImageStore").add(LIVE_ZONE, zone.id).put(INSERT, row))
    return row
