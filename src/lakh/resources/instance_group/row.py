"""Instance groups: names under which an account gathers its VMs. A VM is in one at most."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "instance_group",
    Index("instance_group_uuid", "uuid", unique=True),
    Index("instance_group_name", "account_id", "name", where="removed_ms IS NULL", unique=True),
    Index("instance_group_domain", "domain_id", "id", where="removed_ms IS NULL"),
    big=True,
)
class InstanceGroupRow(Row):
    """A group."""

    id: int
    uuid: str
    name: str
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    created_ms: int
    removed_ms: int | None = None


INSERT = insert("instance_group.insert", InstanceGroupRow)
BY_ID = select("instance_group.by_id", InstanceGroupRow, "WHERE id = $1 AND removed_ms IS NULL")
BY_IDS = select("instance_group.by_ids", InstanceGroupRow, "WHERE id = ANY($1) AND removed_ms IS NULL")
BY_NAME = select(
    "instance_group.by_name", InstanceGroupRow, "WHERE account_id = $1 AND name = $2 AND removed_ms IS NULL"
)
RENAME = statement("instance_group.rename", "UPDATE instance_group SET name = $2 WHERE id = $1 AND removed_ms IS NULL")
REMOVE = statement(
    "instance_group.remove", "UPDATE instance_group SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
)
EMPTY = statement("vm.leave_group", "UPDATE vm SET group_id = NULL WHERE group_id = $1 AND removed_ms IS NULL")
