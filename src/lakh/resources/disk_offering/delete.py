"""deleteDiskOffering: volumes of it stay what they are."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.disk_offering.row import REMOVE, DiskOfferingRow
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.offering_scope import check_touch
from lakh.store.statement import TxnSpec


class DeleteDiskOffering(SyncCommand, event="DISK.OFFERING.DELETE", roles=ADMINS):
    """Deletes a disk offering."""

    id: Id = param("the disk offering", required=True, entity="disk_offering")

    async def run(self, call: Call) -> None:
        row = await live(call.cloud, DiskOfferingRow, self.id, "id")
        await check_touch(call, row, f"disk offering {row.name}")
        txn = TxnSpec("deleteDiskOffering").add(REMOVE, row.id, call.cloud.now_ms())
        text = f"Disk offering {row.name} deleted"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("DiskOffering", row.uuid)))
        await call.cloud.store.submit(txn)
