"""createSecurityGroup."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand, event
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.security_group.row import DEFAULT, INSERT, SecurityGroupRow
from lakh.resources.security_group.view import SecurityGroupView, security_group_views
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class CreateSecurityGroup(SyncCommand, answer=SecurityGroupView, event="SG.CREATE"):
    """Creates a security group."""

    name: str = param("name of the group, unique among its owner's", required=True)
    description: str | None = param("what the group is for")
    account: str | None = param("the account that owns it; needs domainid")
    domainid: Id | None = param("the domain of the account", entity="domain")
    projectid: Id | None = param("the project that owns it", entity="project")

    async def run(self, call: Call) -> SecurityGroupView:
        cloud = call.cloud
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        if self.name.lower() == DEFAULT:
            raise ParameterError("The security group name default is reserved: every account has one of that name")
        row = SecurityGroupRow(
            id=cloud.id("security_group"),
            uuid=cloud.uuid(),
            name=self.name,
            description=self.description,
            account_id=owner.id,
            domain_id=owner.domain_id,
            created_ms=cloud.now_ms(),
        )
        txn, whose = TxnSpec("createSecurityGroup").put(INSERT, row), (owner.id, owner.domain_id)
        text, instance = f"Security group {row.name} created", ("SecurityGroup", row.uuid)
        txn.put(INSERT_EVENT, event(cloud, self.SPEC.event, "Completed", text, call.caller.user_id, whose, instance))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"Unable to create security group, a group with name {self.name} already exists."
            ) from taken
        return (await security_group_views(cloud, [row]))[0]
