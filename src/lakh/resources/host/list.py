"""listHosts: the hosts of zones, pods and clusters."""

from __future__ import annotations

from lakh.resources.command import Call, Listed
from lakh.resources.host.list_command import HostListCommand
from lakh.resources.host.view import HostView


class ListHosts(HostListCommand, roles=("Admin", "ResourceAdmin"), answer=HostView):
    """Lists hosts."""

    async def run(self, call: Call) -> Listed:
        count, _, views = await self.listed(call)
        return Listed(count, views)
