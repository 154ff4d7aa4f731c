"""updateSecurityGroup: another name."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.security_group.access import group_by_id
from lakh.resources.security_group.row import DEFAULT, RENAME
from lakh.resources.security_group.view import SecurityGroupView, security_group_views
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class UpdateSecurityGroup(SyncCommand, answer=SecurityGroupView, event="SG.UPDATE", roles=ADMIN, since="4.14.0.0"):
    """Updates a security group."""

    id: Id = param("the group", required=True, entity="security_group")
    name: str | None = param("another name, unique among its owner's")

    async def run(self, call: Call) -> SecurityGroupView:
        cloud = call.cloud
        row = await group_by_id(call, self.id, "id")
        if self.name is None or self.name == row.name:
            return (await security_group_views(cloud, [row]))[0]
        if DEFAULT in (row.name, self.name.lower()):
            raise ParameterError("The default security group keeps its name, and no other one may have it")
        txn = TxnSpec("updateSecurityGroup").add(RENAME, row.id, self.name)
        text = f"Security group {row.name} is called {self.name}"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("SecurityGroup", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(f"A security group with name {self.name} already exists") from taken
        return (await security_group_views(cloud, [msgspec.structs.replace(row, name=self.name)]))[0]
