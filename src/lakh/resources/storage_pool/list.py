"""listStoragePools: the primary storage of zones, pods and clusters."""

from __future__ import annotations

from lakh.resources.command import Call, Listed
from lakh.resources.storage_pool.list_command import StoragePoolListCommand
from lakh.resources.storage_pool.view import StoragePoolView


class ListStoragePools(StoragePoolListCommand, roles=("Admin", "ResourceAdmin"), answer=StoragePoolView):
    """Lists storage pools."""

    async def run(self, call: Call) -> Listed:
        count, _, views = await self.listed(call)
        return Listed(count, views)
