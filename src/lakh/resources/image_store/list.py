"""listImageStores: the secondary storage of zones."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.image_store.view import ImageStoreView, image_store_view
from lakh.resources.listing import page_of


class ListImageStores(ListCommand, roles=ADMIN, answer=ImageStoreView, since="4.2.0"):
    """Lists image stores."""

    id: Id | None = param("this store", entity="image_store")
    name: str | None = param("the stores of this name")
    zoneid: Id | None = param("the stores of this zone", entity="zone")
    protocol: str | None = param("the stores of this protocol, such as nfs")
    provider: str | None = param("the stores of this provider, such as NFS")
    readonly: bool | None = param("only those that take no new data, or only the others", since="4.15.0")

    async def run(self, call: Call) -> Listed:
        found = [store for store in await call.cloud.snapshots.of(ImageStoreRow) if self._fits(store)]
        count, page = page_of(found, self.window())
        return Listed(count, [await image_store_view(call.cloud, store) for store in page])

    def _fits(self, store: ImageStoreRow) -> bool:
        return (
            (self.id is None or store.id == self.id)
            and (self.name is None or store.name == self.name)
            and (self.zoneid is None or store.zone_id == self.zoneid)
            and (not self.protocol or store.protocol.lower() == self.protocol.lower())
            and (not self.provider or store.provider.lower() == self.provider.lower())
            and (self.readonly is None or store.read_only == self.readonly)
            and (not self.keyword or any(self.keyword.lower() in t.lower() for t in (store.name, store.provider)))
        )
