"""listManagementServers: the servers of the installation."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import page_of
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.management_server.view import ManagementServerView, management_server_view


class ListManagementServers(ListCommand, roles=ADMIN, answer=ManagementServerView):
    """Lists management servers."""

    id: Id | None = param("this server", entity="management_server")
    name: str | None = param("the server of this name")
    version: str | None = param("the servers of this version", since="4.20.3")

    async def run(self, call: Call) -> Listed:
        found = [server for server in await call.cloud.snapshots.of(ManagementServerRow) if self._fits(server)]
        count, page = page_of(found, self.window())
        return Listed(count, [management_server_view(call.cloud, row) for row in page])

    def _fits(self, row: ManagementServerRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.name is None or row.name == self.name)
            and (self.version is None or row.version == self.version)
            and (not self.keyword or self.keyword.lower() in row.name.lower())
        )
