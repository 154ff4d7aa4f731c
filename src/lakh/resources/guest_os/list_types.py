"""listOsTypes: the guest OS types that templates and VMs may have."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Ids
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.guest_os.row import GuestOsCategoryRow, GuestOsRow
from lakh.resources.guest_os.view import OsTypeView, os_type_view


class ListOsTypes(ListCommand, answer=OsTypeView):
    """Lists guest OS types."""

    id: Id | None = param("this type only", entity="guest_os")
    ids: Ids = param("these types only; not together with id", entity="guest_os", since="4.22.1")
    oscategoryid: Id | None = param("types of this category", entity="guest_os_category")
    description: str | None = param("types of exactly this name", since="3.0.1")
    fordisplay: bool = param("false lists the hidden types instead", default=True, since="4.18.1", roles=ADMIN)

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        if self.id is not None and self.ids:
            raise ParameterError("Specify either id or ids but not both parameters")
        categories = (await call.cloud.snapshots.of(GuestOsCategoryRow)).by_id
        found = [row for row in await call.cloud.snapshots.of(GuestOsRow) if self._matches(row)]
        views = [os_type_view(row, categories[row.category_id]) for row in found[offset : offset + limit]]
        return Listed(len(found), list(views))

    def _matches(self, row: GuestOsRow) -> bool:
        return (
            row.is_shown == self.fordisplay
            and (self.id is None or row.id == self.id)
            and (not self.ids or row.id in self.ids)
            and (self.oscategoryid is None or row.category_id == self.oscategoryid)
            and (self.description is None or row.name == self.description)
            and (self.keyword is None or self.keyword.lower() in row.name.lower())
        )
