"""updateRole: name, description, type and visibility of a role that is not a default one."""

from __future__ import annotations

from typing import get_args

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.catalogue.roles import RoleType
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.own import own_role
from lakh.resources.role.row import ACCOUNT_OF, RoleRow
from lakh.resources.role.view import RoleView, role_view
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError, GuardFailedError

UPDATE = statement(
    "role.update",
    "UPDATE role SET name = $2, type = $3, description = $4, is_public = $5"
    " WHERE id = $1 AND removed_ms IS NULL AND (type = $3 OR NOT EXISTS"
    " (SELECT 1 FROM account WHERE role_id = $1 AND removed_ms IS NULL))",
)


class UpdateRole(SyncCommand, roles=ADMIN, answer=RoleView, event="ROLE.UPDATE", since="4.9.0"):
    """Updates a role."""

    id: Id = param("the role", required=True, entity="role", validations=("PositiveNumber",))
    name: str | None = param("new name, not taken by another role")
    description: str | None = param("what the role is for")
    type: str | None = param("Admin, ResourceAdmin, DomainAdmin or User; only while no account has the role")
    ispublic: bool | None = param("whether other admins than root may hand it out")

    async def run(self, call: Call) -> RoleView:
        row = await own_role(call.cloud, self.id, "id")
        changed = self._changed(row)
        if changed.type != row.type and await call.cloud.store.read(ACCOUNT_OF, row.id):
            raise PermissionDeniedError(f"Accounts have role {row.name}: its type can only change while none does")
        txn = TxnSpec("updateRole").add(
            UPDATE, row.id, changed.name, changed.type, changed.description, changed.is_public
        )
        text = f"Role {changed.name} updated"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Role", row.uuid)))
        try:
            await call.cloud.store.submit(txn)
        except DuplicateError as error:
            raise ParameterError(f"Invalid parameter name: a role called {self.name} exists; give another") from error
        except GuardFailedError as error:
            raise ParameterError(f"Role {row.name} was deleted or given to an account meanwhile; try again") from error
        return role_view(changed)

    def _changed(self, row: RoleRow) -> RoleRow:
        role_type = row.type
        if self.type:
            known = {name.lower(): name for name in get_args(RoleType)}
            if self.type.lower() not in known:
                raise ParameterError(f"Invalid parameter type {self.type}: give one of {', '.join(known.values())}")
            role_type = known[self.type.lower()]
        return msgspec.structs.replace(
            row,
            name=self.name or row.name,
            type=role_type,
            description=row.description if self.description is None else self.description,
            is_public=row.is_public if self.ispublic is None else self.ispublic,
        )
