"""listZones: the zones that the caller may use."""

from __future__ import annotations

from lakh.resources.command import Call, Listed
from lakh.resources.zone.list_command import ZoneListCommand
from lakh.resources.zone.view import ZoneView


class ListZones(
    ZoneListCommand, answer=ZoneView, java_class="org.apache.cloudstack.api.command.admin.zone.ListZonesCmdByAdmin"
):
    """Lists zones"""

    async def run(self, call: Call) -> Listed:
        count, _, views = await self.listed(call)
        return Listed(count, views)
