"""updateInstanceGroup."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand
from lakh.resources.instance_group.access import instance_group
from lakh.resources.instance_group.row import RENAME
from lakh.resources.instance_group.view import InstanceGroupView, instance_group_views
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


class UpdateInstanceGroup(
    SyncCommand,
    answer=InstanceGroupView,
    java_class="org.apache.cloudstack.api.command.user.vmgroup.UpdateVMGroupCmd",
):
    """Renames an instance group."""

    id: Id = param("the group", required=True, entity="instance_group")
    name: str | None = param("its new name")

    async def run(self, call: Call) -> InstanceGroupView:
        row = await instance_group(call, self.id)
        if self.name and self.name != row.name:
            try:
                await call.cloud.store.submit(TxnSpec("instance_group.update").add(RENAME, row.id, self.name))
            except DuplicateError:
                raise ParameterError(
                    f"An instance group with name {self.name} already exists for the account"
                ) from None
            row = msgspec.structs.replace(row, name=self.name)
        return (await instance_group_views(call.cloud, [row]))[0]
