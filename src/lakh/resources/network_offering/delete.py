"""deleteNetworkOffering: unless it came with the installation, or a network has it."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.network_offering.row import REMOVE, NetworkOfferingRow
from lakh.store.statement import TxnSpec, statement

IN_USE = statement(
    "network.count_of_offering",
    "SELECT COUNT(*) FROM network WHERE offering_id = $1 AND removed_ms IS NULL",
)


class DeleteNetworkOffering(SyncCommand, event="NETWORK.OFFERING.DELETE", roles=ADMIN, since="3.0.0"):
    """Deletes a network offering."""

    id: Id = param("the network offering", required=True, entity="network_offering")

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await live(cloud, NetworkOfferingRow, self.id, "id")
        if row.is_default:
            raise ParameterError("Default network offerings cannot be deleted")
        count = int((await cloud.store.read(IN_USE, row.id))[0][0])
        if count:
            raise ParameterError(
                f"Can't delete network offering {row.name} as its used by {count} networks. To make the network"
                " offering unavailable, disable it"
            )
        txn = TxnSpec("deleteNetworkOffering").add(REMOVE, row.id, cloud.now_ms())
        text = f"Network offering {row.name} deleted"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("NetworkOffering", row.uuid)))
        await cloud.store.submit(txn)
