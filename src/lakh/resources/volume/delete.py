"""deleteVolume: a detached volume is gone for good when this answers."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.finishing import run_internal
from lakh.resources.volume.access import owned_volume
from lakh.resources.volume.doom import check_deletable, destroy
from lakh.store.statement import TxnSpec


class DeleteVolume(SyncCommand, answer=Success, event="VOLUME.DELETE"):
    """Deletes a volume that is not attached to an Instance."""

    id: Id = param("the volume", required=True, entity="volume")

    async def run(self, call: Call) -> None:
        volume = await owned_volume(call, self.id)
        check_deletable(volume)
        txn = TxnSpec("deleteVolume")
        await destroy(call.cloud, volume, txn)
        text = f"Volume {volume.name} deleted"
        txn.put(INSERT_EVENT, completed(call, "VOLUME.DESTROY", text, ("Volume", volume.uuid)))
        await call.cloud.store.submit(txn)
        await run_internal(call, "expungeVolume", id=volume.id)
