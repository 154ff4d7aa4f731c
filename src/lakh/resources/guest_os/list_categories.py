"""listOsCategories: the categories of guest OS types."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.guest_os.row import GuestOsCategoryRow, GuestOsRow
from lakh.resources.guest_os.view import OsCategoryView, category_view
from lakh.store.statement import statement

IN_USE = statement(
    "guest_os_category.in_use",
    "SELECT DISTINCT os_type_id, zone_id, arch, format, type FROM template"
    " WHERE removed_ms IS NULL AND state = 'Active'",
)


class ListOsCategories(ListCommand, answer=OsCategoryView):
    """Lists guest OS categories. With zoneid, arch, isiso or isvnf: those that such templates have."""

    id: Id | None = param("this category only", entity="guest_os_category")
    name: str | None = param("categories whose name holds this", since="3.0.1")
    isfeatured: bool | None = param("featured categories, or the others", since="4.21.0")
    isiso: bool | None = param("categories of ISOs, or of templates", since="4.21.0")
    isvnf: bool | None = param("categories of network function templates, or of others", since="4.21.0")
    arch: str | None = param("categories of templates of this CPU architecture", since="4.21.0")
    zoneid: Id | None = param("categories of templates in this zone", entity="zone", since="4.21.0")
    showicon: bool = param("with the category's icon", default=False, since="4.21.0")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        used = await self._used(call)
        found = [
            row
            for row in await call.cloud.snapshots.of(GuestOsCategoryRow)
            if self._matches(row) and (used is None or row.id in used)
        ]
        found.sort(key=lambda row: (row.sort_key, row.id))
        return Listed(len(found), [category_view(row) for row in found[offset : offset + limit]])

    def _matches(self, row: GuestOsCategoryRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.name is None or self.name.lower() in row.name.lower())
            and (self.isfeatured is None or row.is_featured == self.isfeatured)
            and (self.keyword is None or self.keyword.lower() in row.name.lower())
        )

    async def _used(self, call: Call) -> set[int] | None:
        """Categories that templates of the asked kind have; None when none is asked for."""
        if self.isiso is None and self.isvnf is None and self.arch is None and self.zoneid is None:
            return None
        types = (await call.cloud.snapshots.of(GuestOsRow)).by_id
        return {
            types[os_type].category_id
            for os_type, zone_id, arch, form, kind in await call.cloud.store.read(IN_USE)
            if os_type in types
            and (self.isiso is None or (form == "ISO") == self.isiso)
            and (self.isvnf is None or (kind == "VNF") == self.isvnf)
            and (self.arch is None or arch == self.arch)
            and (self.zoneid is None or zone_id in (None, self.zoneid))
        }
