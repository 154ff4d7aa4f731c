"""deleteServiceOffering: Instances of it stay what they are."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.offering_scope import check_touch
from lakh.resources.service_offering.row import REMOVE, ServiceOfferingRow
from lakh.store.statement import TxnSpec


class DeleteServiceOffering(SyncCommand, event="SERVICE.OFFERING.DELETE", roles=ADMINS):
    """Deletes a service offering."""

    id: Id = param("the service offering", required=True, entity="service_offering")

    async def run(self, call: Call) -> None:
        row = await live(call.cloud, ServiceOfferingRow, self.id, "id")
        if row.default_use:
            raise ParameterError("Default service offerings cannot be deleted")
        await check_touch(call, row, f"service offering {row.name}")
        txn = TxnSpec("deleteServiceOffering").add(REMOVE, row.id, call.cloud.now_ms())
        text = f"Service offering {row.name} deleted"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("ServiceOffering", row.uuid)))
        await call.cloud.store.submit(txn)
