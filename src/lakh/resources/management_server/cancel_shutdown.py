"""cancelShutdown: a server that prepared for its shutdown takes jobs again."""

from __future__ import annotations

import msgspec

from lakh.base.errors import InternalError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.live import live
from lakh.resources.management_server.row import MOVE, ManagementServerRow
from lakh.resources.management_server.shutdown_view import ReadyForShutdownView, shutdown_view
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


class CancelShutdown(
    SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, object_name="cancelshutdown", since="4.19.0"
):
    """Lets a management server that prepares for its shutdown take jobs again."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        row = await live(call.cloud, ManagementServerRow, self.managementserverid, "managementserverid")
        try:
            await call.cloud.store.submit(TxnSpec("server.serve").add(MOVE, row.id, "PreparingForShutDown", "Up"))
        except GuardFailedError:
            raise InternalError(
                f"Management server {row.name} is {row.state}: no shutdown is being prepared that could be cancelled"
            ) from None
        return await shutdown_view(call.cloud, msgspec.structs.replace(row, state="Up"))
