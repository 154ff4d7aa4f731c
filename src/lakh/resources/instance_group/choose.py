"""The instance group of a VM by its name: the owner's, made where there is none."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.instance_group.row import BY_NAME, INSERT, InstanceGroupRow
from lakh.store.statement import TxnSpec


async def group_for(cloud: Cloud, txn: TxnSpec, owner: AccountRow, name: str) -> int:
    """The group's id; adds the insert of a new one to `txn`."""
    rows = await cloud.store.rows(BY_NAME, owner.id, name)
    if rows:
        return rows[0].id
    row = new_group(cloud, owner, name)
    txn.put(INSERT, row)
    return row.id


def new_group(cloud: Cloud, owner: AccountRow, name: str) -> InstanceGroupRow:
    """The row of a new group."""
    return InstanceGroupRow(
        id=cloud.id("instance_group"),
        uuid=cloud.uuid(),
        name=name,
        account_id=owner.id,
        domain_id=owner.domain_id,
        created_ms=cloud.now_ms(),
    )
