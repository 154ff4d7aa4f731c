"""deleteSecurityGroup: unless an Instance is in it, or a rule of another group lets its members through."""

from __future__ import annotations

from lakh.base.errors import ParameterError, ResourceInUseError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.security_group.access import named_group
from lakh.resources.security_group.row import DEFAULT, REMOVE, REMOVE_RULES_OF
from lakh.store.statement import TxnSpec
from lakh.store.store import GuardFailedError


class DeleteSecurityGroup(SyncCommand, event="SG.DELETE"):
    """Deletes a security group."""

    id: Id | None = param("the group; not together with name", entity="security_group")
    name: str | None = param("the name of the group; not together with id")
    account: str | None = param("the account that owns it; needs domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project that owns it", entity="project")

    async def run(self, call: Call) -> None:
        row = await named_group(call, self.id, self.name, self.account, self.domainid, self.projectid)
        if row.name == DEFAULT:
            raise ParameterError("The network group default is reserved and cannot be deleted")
        now_ms = call.cloud.now_ms()
        txn = TxnSpec("deleteSecurityGroup").add(REMOVE, row.id, now_ms)
        txn.add(REMOVE_RULES_OF, row.id, now_ms, expect=None)
        text = f"Security group {row.name} deleted"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("SecurityGroup", row.uuid)))
        try:
            await call.cloud.store.submit(txn)
        except GuardFailedError as used:
            raise ResourceInUseError(
                f"Cannot delete security group {row.name}: Instances are in it, or rules of other groups name it"
            ) from used
