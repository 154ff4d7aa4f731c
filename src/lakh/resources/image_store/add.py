"""addImageStore: secondary storage for templates, ISOs and snapshots of a zone."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.image_store.make import make_nfs_store
from lakh.resources.image_store.view import ImageStoreView, image_store_view


class AddImageStore(SyncCommand, roles=ADMIN, answer=ImageStoreView, since="4.2.0"):
    """Adds an image store."""

    name: str | None = param("name of the store; its url when absent")
    provider: str = param("storage provider: NFS", required=True)
    url: str | None = param("where it lies: nfs://host/path", max_length=2048)
    zoneid: Id | None = param("the zone that uses it", entity="zone")
    details: Details = param("free details of the store")

    async def run(self, call: Call) -> ImageStoreView:
        if self.provider.upper() != "NFS":
            raise ParameterError(f"Unable to add image stores of provider {self.provider}: give NFS")
        row = await make_nfs_store(call, self.name, self.url, self.zoneid, self.details)
        return await image_store_view(call.cloud, row)
