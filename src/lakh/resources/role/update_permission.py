"""updateRolePermission: another permission for one rule, or another order of all of a role's rules."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Ids
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.role.own import own_role
from lakh.resources.role.row import CHANGEABLE, PERMISSIONS, RoleRow
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import GuardFailedError

DECIDE = statement(
    "role_permission.decide", "UPDATE role_permission SET permission = $3 WHERE id = $1 AND role_id = $2"
)
ORDER = statement("role_permission.order", "UPDATE role_permission SET sort_order = $3 WHERE id = $1 AND role_id = $2")


class UpdateRolePermission(SyncCommand, roles=ADMIN, event="ROLE.PERMISSION.UPDATE", since="4.9.0"):
    """Updates a rule of a role, or the order of its rules."""

    roleid: Id = param("the role", required=True, entity="role", validations=("PositiveNumber",))
    ruleorder: Ids = param("every rule of the role, in the new order", entity="role_permission")
    ruleid: Id | None = param("the rule to change", entity="role_permission", since="4.11")
    permission: str | None = param("allow or deny", since="4.11")

    async def run(self, call: Call) -> None:
        role = await own_role(call.cloud, self.roleid, "roleid")
        if self.ruleorder:
            if self.ruleid is not None or self.permission is not None:
                raise ParameterError("Give either ruleorder, or ruleid and permission, but not both")
            txn, text = await self._reordered(call, role), f"Rules of role {role.name} put in another order"
        else:
            txn, text = self._decided(role), f"Rule of role {role.name} set to {self.permission}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Role", role.uuid)))
        try:
            await call.cloud.store.submit(txn)
        except GuardFailedError as error:
            raise ParameterError(f"Role {role.name} has no such rule any more; list its rules and try again") from error

    async def _reordered(self, call: Call, role: RoleRow) -> TxnSpec:
        known = {row.id for row in await call.cloud.store.rows(PERMISSIONS, role.id)}
        if len(self.ruleorder) != len(known) or set(self.ruleorder) != known:
            raise ParameterError(f"Invalid parameter ruleorder: name each of the {len(known)} rules of the role once")
        txn = TxnSpec("updateRolePermission.order").add(CHANGEABLE, role.id)
        position = {rule: i for i, rule in enumerate(self.ruleorder)}
        for rule in sorted(known):
            txn.add(ORDER, rule, role.id, position[rule])
        return txn

    def _decided(self, role: RoleRow) -> TxnSpec:
        if self.ruleid is None or self.permission is None:
            raise ParameterError("Give ruleorder, or both ruleid and permission")
        permission = self.permission.lower()
        if permission not in ("allow", "deny"):
            raise ParameterError(f"Invalid parameter permission {self.permission}: give allow or deny")
        txn = TxnSpec("updateRolePermission").add(CHANGEABLE, role.id)
        return txn.add(DECIDE, self.ruleid, role.id, permission)
