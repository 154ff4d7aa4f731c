"""listRoles: the roles that the caller may hand out."""

from __future__ import annotations

from lakh.contract.declaration import ADMINS, param
from lakh.contract.types import Id
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.role.access import Access
from lakh.resources.role.row import RoleRow
from lakh.resources.role.view import RoleView, role_view


class ListRoles(ListCommand, roles=ADMINS, answer=RoleView, since="4.9.0"):
    """Lists roles. Others than root admins see the public ones that may do no more than they themselves."""

    id: Id | None = param("this role only", entity="role")
    name: str | None = param("roles of exactly this name")
    type: str | None = param("roles of this type: Admin, ResourceAdmin, DomainAdmin or User")
    state: str | None = param("roles in this state: enabled or disabled")

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        access = await call.cloud.part(Access).load()
        found = [row for row in await call.cloud.snapshots.of(RoleRow) if self._matches(row)]
        if not call.caller.is_root_admin:
            own = access.commands(call.caller.role_id)
            found = [row for row in found if row.is_public and access.commands(row.id) <= own]
        return Listed(len(found), [role_view(row) for row in found[offset : offset + limit]])

    def _matches(self, row: RoleRow) -> bool:
        return (
            (self.id is None or row.id == self.id)
            and (self.name is None or row.name == self.name)
            and (self.type is None or row.type.lower() == self.type.lower())
            and (self.state is None or row.state == self.state.lower())
            and (self.keyword is None or self.keyword.lower() in row.name.lower())
        )
