"""prepareForShutdown: a server takes no new jobs, so that it can go once those it has are done."""

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


class PrepareForShutdown(
    SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, object_name="prepareforshutdown", since="4.19.0"
):
    """Prepares a management server for its shutdown: it takes no new jobs, in none of its processes."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        row = await live(call.cloud, ManagementServerRow, self.managementserverid, "managementserverid")
        try:
            await call.cloud.store.submit(TxnSpec("server.drain").add(MOVE, row.id, "Up", "PreparingForShutDown"))
        except GuardFailedError:
            raise InternalError(
                f"Management server {row.name} is {row.state}; only one that is Up can prepare for its shutdown"
            ) from None
        return await shutdown_view(call.cloud, msgspec.structs.replace(row, state="PreparingForShutDown"))
