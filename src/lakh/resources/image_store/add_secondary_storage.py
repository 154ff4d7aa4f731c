"""addSecondaryStorage: the older name of addImageStore, for NFS."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.image_store.make import make_nfs_store
from lakh.resources.image_store.view import ImageStoreView, image_store_view


class AddSecondaryStorage(SyncCommand, roles=ADMIN, answer=ImageStoreView, object_name="secondarystorage"):
    """Adds secondary storage."""

    url: str = param("where it lies: nfs://host/path", required=True)
    zoneid: Id | None = param("the zone that uses it", entity="zone")
    details: Details = param("free details of the store")

    async def run(self, call: Call) -> ImageStoreView:
        row = await make_nfs_store(call, None, self.url, self.zoneid, self.details)
        return await image_store_view(call.cloud, row)
