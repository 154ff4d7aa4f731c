"""What listManagementServers and its metrics have in common."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand
from lakh.resources.listing import page_of
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.management_server.view import ManagementServerView, management_server_view


class ManagementServerListCommand(ListCommand, abstract=True):
    """A list of management servers, with all its filters."""

    id: Id | None = param("this server", entity="management_server")
    name: str | None = param("the server of this name")
    version: str | None = param("the servers of this version", since="4.20.3")

    async def listed(self, call: Call) -> tuple[int, list[ManagementServerRow], list[ManagementServerView]]:
        """(count, rows of the page, their views)."""
        found = [server for server in await call.cloud.snapshots.of(ManagementServerRow) if self._fits(server)]
        count, page = page_of(found, self.window())
        return count, page, [management_server_view(call.cloud, row) for row in page]

    def _fits(self, row: ManagementServerRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.name is None or row.name == self.name)
            and (self.version is None or row.version == self.version)
            and (not self.keyword or self.keyword.lower() in row.name.lower())
        )
