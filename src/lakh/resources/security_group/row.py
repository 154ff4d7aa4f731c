"""Security groups, their rules, who is in them, and which VMs' hosts must still be told."""

from __future__ import annotations

from typing import Annotated

from lakh.store.statement import insert, select, statement
from lakh.store.table import Index, Ref, Row, table

DEFAULT = "default"
INGRESS, EGRESS = "ingress", "egress"


@table(
    "security_group",
    Index("security_group_uuid", "uuid", unique=True),
    Index("security_group_name", "account_id", "name", where="removed_ms IS NULL", unique=True),
    Index("security_group_account", "account_id", "id", where="removed_ms IS NULL"),
    Index("security_group_domain", "domain_id", "id", where="removed_ms IS NULL"),
    Index("security_group_listed", "id", where="removed_ms IS NULL"),
    big=True,
)
class SecurityGroupRow(Row):
    id: int
    uuid: str
    name: str
    description: str | None
    account_id: Annotated[int, Ref("account")]
    domain_id: Annotated[int, Ref("domain")]
    created_ms: int
    removed_ms: int | None = None


@table(
    "security_group_rule",
    Index("security_group_rule_uuid", "uuid", unique=True),
    Index("security_group_rule_group", "group_id", "id", where="removed_ms IS NULL"),
    Index(
        "security_group_rule_allowed",
        "allowed_group_id",
        "group_id",
        where="removed_ms IS NULL AND allowed_group_id IS NOT NULL",
    ),
    big=True,
)
class SecurityGroupRuleRow(Row):
    """Traffic let through: of a subnet (`cidr`), or of the members of a group. Ports are type and code for icmp."""

    id: int
    uuid: str
    group_id: Annotated[int, Ref("security_group")]
    direction: str
    protocol: str
    start_port: int
    end_port: int
    cidr: str | None
    allowed_group_id: Annotated[int | None, Ref("security_group")]
    created_ms: int
    removed_ms: int | None = None


@table(
    "security_group_vm",
    Index("security_group_vm_vm", "vm_id", "group_id"),
    primary_key=("group_id", "vm_id"),
    big=True,
)
class SecurityGroupVmRow(Row):
    group_id: Annotated[int, Ref("security_group")]
    vm_id: Annotated[int, Ref("vm")]


@table("vm_ruleset", Index("vm_ruleset_pending", "vm_id", where="pending"), primary_key=("vm_id",), big=True)
class VmRulesetRow(Row):
    """`sequence` numbers the VM's ruleset; `pending` until its host has said that it applies that one."""

    vm_id: Annotated[int, Ref("vm")]
    sequence: int
    pending: bool


INSERT = insert("security_group.insert", SecurityGroupRow)
BY_ID = select("security_group.by_id", SecurityGroupRow, "WHERE id = $1")
BY_IDS = select("security_group.by_ids", SecurityGroupRow, "WHERE id = ANY($1) ORDER BY id")
BY_NAMES = select(
    "security_group.by_names",
    SecurityGroupRow,
    "WHERE account_id = $1 AND name = ANY($2) AND removed_ms IS NULL ORDER BY id",
)
LIVE = statement("security_group.live", "UPDATE security_group SET name = name WHERE id = $1 AND removed_ms IS NULL")
"""Guards a new rule: it counts no row once a group that the rule names is deleted."""
RENAME = statement("security_group.rename", "UPDATE security_group SET name = $2 WHERE id = $1 AND removed_ms IS NULL")
REMOVE = statement(
    "security_group.remove",
    "UPDATE security_group SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM security_group_vm WHERE group_id = $1)"
    " AND NOT EXISTS (SELECT 1 FROM security_group_rule WHERE allowed_group_id = $1 AND group_id <> $1"
    " AND removed_ms IS NULL)",
)
INSERT_RULE = insert("security_group_rule.insert", SecurityGroupRuleRow)
RULE = select("security_group_rule.by_id", SecurityGroupRuleRow, "WHERE id = $1")
RULES_OF = select(
    "security_group_rule.of_groups",
    SecurityGroupRuleRow,
    "WHERE group_id = ANY($1) AND removed_ms IS NULL ORDER BY group_id, id",
)
REMOVE_RULE = statement(
    "security_group_rule.remove",
    "UPDATE security_group_rule SET removed_ms = $2 WHERE id = $1 AND removed_ms IS NULL",
)
REMOVE_RULES_OF = statement(
    "security_group_rule.remove_of_group",
    "UPDATE security_group_rule SET removed_ms = $2 WHERE group_id = $1 AND removed_ms IS NULL",
)
INSERT_MEMBER = insert("security_group_vm.insert", SecurityGroupVmRow)
GROUPS_OF_VMS = select("security_group_vm.of_vms", SecurityGroupVmRow, "WHERE vm_id = ANY($1) ORDER BY vm_id, group_id")
MEMBERS_OF = select(
    "security_group_vm.of_groups", SecurityGroupVmRow, "WHERE group_id = ANY($1) ORDER BY group_id, vm_id"
)
LEAVE_ALL = statement("security_group_vm.leave_all", "DELETE FROM security_group_vm WHERE vm_id = $1")

INSERT_RULESET = insert("vm_ruleset.insert", VmRulesetRow)
PENDING_RULESETS = select(
    "vm_ruleset.pending",
    VmRulesetRow,
    "WHERE pending AND (SELECT state FROM vm WHERE vm.id = vm_ruleset.vm_id AND vm.removed_ms IS NULL) = 'Running'"
    " ORDER BY vm_id LIMIT 500",
    full_scan="of the pending ones, which its index holds alone",
)
APPLIED = statement(
    "vm_ruleset.applied", "UPDATE vm_ruleset SET pending = FALSE WHERE vm_id = $1 AND sequence = $2 AND pending"
)
MARK_VM = statement(
    "vm_ruleset.mark_vm", "UPDATE vm_ruleset SET pending = TRUE, sequence = sequence + 1 WHERE vm_id = $1"
)
MARK_GROUP = statement(
    "vm_ruleset.mark_group",
    "UPDATE vm_ruleset SET pending = TRUE, sequence = sequence + 1"
    " WHERE vm_id IN (SELECT vm_id FROM security_group_vm WHERE group_id = $1)",
)
MARK_NEIGHBOURS = statement(
    "vm_ruleset.mark_neighbours",
    "UPDATE vm_ruleset SET pending = TRUE, sequence = sequence + 1 WHERE vm_id <> $1 AND vm_id IN"
    " (SELECT member.vm_id FROM security_group_vm AS own"
    " JOIN security_group_rule AS rule ON rule.allowed_group_id = own.group_id AND rule.removed_ms IS NULL"
    " JOIN security_group_vm AS member ON member.group_id = rule.group_id WHERE own.vm_id = $1)",
)
REMOVE_RULESET = statement("vm_ruleset.remove", "DELETE FROM vm_ruleset WHERE vm_id = $1")
