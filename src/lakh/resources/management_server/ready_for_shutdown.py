"""readyForShutdown: whether a server could go without leaving work behind."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.live import live
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.management_server.shutdown_view import ReadyForShutdownView, shutdown_view


class ReadyForShutdown(SyncCommand, roles=ADMIN, answer=ReadyForShutdownView, since="4.19.0"):
    """Returns the status of the management server: whether a shutdown was asked for, and what is still under way."""

    managementserverid: Id = param("the server", required=True, entity="management_server")

    async def run(self, call: Call) -> ReadyForShutdownView:
        row = await live(call.cloud, ManagementServerRow, self.managementserverid, "managementserverid")
        return await shutdown_view(call.cloud, row)
