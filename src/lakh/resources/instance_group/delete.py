"""deleteInstanceGroup."""

from __future__ import annotations

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.contract.view import Success
from lakh.resources.command import Call, SyncCommand
from lakh.resources.instance_group.access import instance_group
from lakh.resources.instance_group.row import EMPTY, REMOVE
from lakh.store.statement import TxnSpec


class DeleteInstanceGroup(
    SyncCommand, answer=Success, java_class="org.apache.cloudstack.api.command.user.vmgroup.DeleteVMGroupCmd"
):
    """Deletes an instance group; its Instances stay."""

    id: Id = param("the group", required=True, entity="instance_group")

    async def run(self, call: Call) -> None:
        row = await instance_group(call, self.id)
        txn = TxnSpec("instance_group.delete").add(REMOVE, row.id, call.cloud.now_ms())
        await call.cloud.store.submit(txn.add(EMPTY, row.id, expect=None))
