"""createInstanceGroup."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owner_of
from lakh.resources.command import Call, SyncCommand
from lakh.resources.instance_group.choose import new_group
from lakh.resources.instance_group.row import INSERT
from lakh.resources.instance_group.view import InstanceGroupView, instance_group_views
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class CreateInstanceGroup(
    SyncCommand,
    answer=InstanceGroupView,
    java_class="org.apache.cloudstack.api.command.user.vmgroup.CreateVMGroupCmd",
):
    """Creates an instance group."""

    name: str = param("name of the group", required=True)
    account: str | None = param("the account it is for; together with domainid")
    domainid: Id | None = param("the domain of that account", entity="domain")
    projectid: Id | None = param("the project it is for", entity="project")

    async def run(self, call: Call) -> InstanceGroupView:
        owner = await owner_of(call, self.account, self.domainid, self.projectid)
        row = new_group(call.cloud, owner, self.name)
        try:
            await call.cloud.store.submit(TxnSpec("instance_group.create").put(INSERT, row))
        except DuplicateError:
            raise ParameterError(f"An instance group with name {self.name} already exists for the account") from None
        return (await instance_group_views(call.cloud, [row]))[0]
