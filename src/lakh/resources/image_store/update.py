"""updateImageStore: its name, and whether it takes new data."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Long
from lakh.resources.command import Call, SyncCommand
from lakh.resources.image_store.row import UPDATE, ImageStoreRow
from lakh.resources.image_store.view import ImageStoreView, image_store_view
from lakh.resources.live import live
from lakh.store.statement import TxnSpec


class UpdateImageStore(SyncCommand, roles=ADMIN, answer=ImageStoreView, since="4.15.0", response="updateImageStore"):
    """Updates an image store."""

    id: Id = param("the store", required=True, entity="image_store")
    name: str | None = param("a new name")
    readonly: bool | None = param("true: it takes no new data; false: it does again")
    capacitybytes: Long | None = param("bytes it can hold, where it does not tell")

    async def run(self, call: Call) -> ImageStoreView:
        store = await live(call.cloud, ImageStoreRow, self.id, "id")
        txn = TxnSpec("updateImageStore")
        txn.add(UPDATE, store.id, self.name or None, self.readonly, self.capacitybytes)
        await call.cloud.store.submit(txn)
        return await image_store_view(call.cloud, (await call.cloud.snapshots.of(ImageStoreRow)).by_id[store.id])
