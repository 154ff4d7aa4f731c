"""Affinity groups: VMs that should, or should not, share hosts."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table


@table(
    "affinity_group",
    Index("affinity_group_uuid", "uuid", unique=True),
    Index("affinity_group_name", "account_id", "name", where="removed_ms IS NULL", unique=True),
    Index("affinity_group_domain", "domain_id", "id", where="removed_ms IS NULL"),
    big=True,
)
class AffinityGroupRow(Row):
    """`type` is one of catalogue.planning.AFFINITY_PROCESSORS. `generation` counts placements within a strict group:
    each one names the count it was decided on, so that two at once cannot overlook each other."""

    id: int
    uuid: str
    name: str
    type: str
    description: str | None
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    created_ms: int
    removed_ms: int | None = None
    generation: int = 0


@table(
    "affinity_group_vm",
    Index("affinity_group_vm_vm", "vm_id", "group_id"),
    primary_key=("group_id", "vm_id"),
    big=True,
)
class AffinityMemberRow(Row):
    """A VM in a group."""

    group_id: Annotated[int, Ref("affinity_group")]
    vm_id: Annotated[int, Ref("vm")]


INSERT = insert("affinity_group.insert", AffinityGroupRow)
BY_IDS = select("affinity_group.by_ids", AffinityGroupRow, "WHERE id = ANY($1) ORDER BY id")
BY_NAME = select(
    "affinity_group.by_name", AffinityGroupRow, "WHERE account_id = $1 AND name = ANY($2) AND removed_ms IS NULL"
)
REMOVE = statement(
    "affinity_group.remove", "UPDATE affinity_group SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
)
INSERT_MEMBER = insert("affinity_group_vm.insert", AffinityMemberRow)
MEMBERS = select("affinity_group_vm.of_groups", AffinityMemberRow, "WHERE group_id = ANY($1) ORDER BY group_id, vm_id")
GROUPS_OF_VMS = select("affinity_group_vm.of_vms", AffinityMemberRow, "WHERE vm_id = ANY($1) ORDER BY vm_id, group_id")
LEAVE_ALL = statement("affinity_group_vm.leave_all", "DELETE FROM affinity_group_vm WHERE vm_id = $1")
EMPTY = statement("affinity_group_vm.empty", "DELETE FROM affinity_group_vm WHERE group_id = $1")
PLACED = statement(
    "affinity_group.placed",
    "UPDATE affinity_group SET generation = generation + 1 WHERE id = $1 AND generation = $2 AND removed_ms IS NULL",
)
