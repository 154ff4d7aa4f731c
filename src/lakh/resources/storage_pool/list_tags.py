"""listStorageTags: the tags that pools have."""

from __future__ import annotations

from typing import ClassVar

from lakh.contract.view import Integer, View
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.wire.objects.data import name_uuid


class StorageTagView(View):
    """`poolid` is the pool's number, not its uuid."""

    OBJECT: ClassVar[str] = "storagetag"

    id: str | None = None
    name: str | None = None
    poolid: int | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


class ListStorageTags(ListCommand, roles=("Admin", "ResourceAdmin", "DomainAdmin"), answer=StorageTagView):
    """Lists storage tags"""

    async def run(self, call: Call) -> Listed:
        found = [
            StorageTagView(id=name_uuid(f"{pool.uuid} {tag}"), name=tag, poolid=pool.id)
            for pool in await call.cloud.snapshots.of(StoragePoolRow)
            for tag in pool.tags.split(",")
            if tag and (not self.keyword or self.keyword.lower() in tag.lower())
        ]
        offset, limit = self.window()
        return Listed(len(found), list(found[offset : offset + limit]))
