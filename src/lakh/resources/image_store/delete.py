"""deleteImageStore: one that holds no template of anybody."""

from __future__ import annotations

from lakh.base.errors import ResourceInUseError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.live import live
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

DELETE = statement(
    "image_store.remove",
    "UPDATE image_store SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM template_store s JOIN template t ON t.id = s.template_id"
    " WHERE s.store_id = $1 AND t.removed_ms IS NULL AND t.type <> 'SYSTEM')",
)
FORGET_COPIES = statement("template_store.delete_store", "DELETE FROM template_store WHERE store_id = $1")


class DeleteImageStore(SyncCommand, roles=ADMIN, since="4.2.0"):
    """Deletes an image store."""

    id: Id = param("the store", required=True, entity="image_store")

    async def run(self, call: Call) -> None:
        store = await live(call.cloud, ImageStoreRow, self.id, "id")
        txn = TxnSpec("deleteImageStore").add(DELETE, store.id, call.cloud.now_ms())
        txn.add(FORGET_COPIES, store.id, expect=None)
        try:
            await call.cloud.store.submit(txn)
        except GuardFailedError as held:
            raise ResourceInUseError(
                f"Cannot delete image store {store.name}: it holds templates; delete them or copy them away first"
            ) from held
