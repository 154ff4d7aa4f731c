"""createRole: an empty role of a type, or a copy of another role with its rules."""

from __future__ import annotations

from typing import get_args

import msgspec

from lakh.base.errors import ParameterError
from lakh.catalogue.roles import RoleType
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.row import INSERT, INSERT_PERMISSION, PERMISSIONS, RolePermissionRow, RoleRow
from lakh.resources.role.view import RoleView, role_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class CreateRole(SyncCommand, roles=ADMIN, answer=RoleView, event="ROLE.CREATE", since="4.9.0"):
    """Creates a role."""

    name: str = param("name of the role, not taken by another", required=True)
    description: str | None = param("what the role is for")
    type: str | None = param("Admin, ResourceAdmin, DomainAdmin or User; not together with roleid")
    roleid: Id | None = param("the role to copy, with its type and rules", entity="role")
    ispublic: bool = param("whether other admins than root may hand it out", default=True)

    async def run(self, call: Call) -> RoleView:
        cloud = call.cloud
        role_type, rules = await self._model(call)
        row = RoleRow(
            id=cloud.id("role"),
            uuid=cloud.uuid(),
            name=self.name,
            type=role_type,
            description=self.description,
            is_default=False,
            is_public=self.ispublic,
            state="enabled",
            created_ms=cloud.now_ms(),
        )
        await cloud.row_ids.reserve("role_permission", len(rules))
        txn = TxnSpec("createRole").put(INSERT, row)
        for rule in rules:
            copied = msgspec.structs.replace(rule, id=cloud.id("role_permission"), uuid=cloud.uuid(), role_id=row.id)
            txn.put(INSERT_PERMISSION, copied)
        text = f"Role {row.name} of type {row.type} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Role", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as error:
            raise ParameterError(
                f"Invalid parameter name: a role called {self.name} exists; give another name"
            ) from error
        return role_view(row)

    async def _model(self, call: Call) -> tuple[str, list[RolePermissionRow]]:
        """The new role's type, and the rules to copy."""
        if (self.type is None) == (self.roleid is None):
            raise ParameterError("Give either type or roleid, and not both, to create a role")
        if self.roleid is not None:
            source = (await call.cloud.snapshots.of(RoleRow)).by_id.get(self.roleid)
            if source is None or source.removed_ms is not None:
                raise ParameterError("Invalid parameter roleid: the role was deleted; give one that exists")
            return source.type, await call.cloud.store.rows(PERMISSIONS, source.id)
        for known in get_args(RoleType):
            if known.lower() == (self.type or "").lower():
                return known, []
        raise ParameterError(f"Invalid parameter type {self.type}: give one of {', '.join(get_args(RoleType))}")
