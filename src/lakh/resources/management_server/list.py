"""listManagementServers: the servers of the installation."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN
from lakh.resources.command import Call, Listed
from lakh.resources.management_server.list_command import ManagementServerListCommand
from lakh.resources.management_server.view import ManagementServerView


class ListManagementServers(ManagementServerListCommand, roles=ADMIN, answer=ManagementServerView):
    """Lists management servers."""

    async def run(self, call: Call) -> Listed:
        count, _, views = await self.listed(call)
        return Listed(count, views)
