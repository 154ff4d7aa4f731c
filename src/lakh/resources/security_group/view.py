"""Security groups as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from lakh.contract.view import Integer, View, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.membership import groups_by_vm, vm_uuids_by_group
from lakh.resources.security_group.row import (
    BY_IDS,
    GROUPS_OF_VMS,
    INGRESS,
    MEMBERS_OF,
    RULES_OF,
    SecurityGroupRow,
    SecurityGroupRuleRow,
)


class SecurityGroupRuleView(View, kw_only=True):
    """`cidr`, or the group whose members are let through. Ports, or type and code for icmp."""

    ruleid: str
    protocol: str
    icmptype: Integer | None = None
    icmpcode: Integer | None = None
    startport: Integer | None = None
    endport: Integer | None = None
    securitygroupname: str | None = None
    account: str | None = None
    cidr: str | None = None
    tags: Annotated[list[View], as_set]


class SecurityGroupView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    description: str | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    virtualmachinecount: Integer | None = None
    virtualmachineids: Annotated[list[str] | None, as_set] = None
    jobid: str | None = None
    jobstatus: Integer | None = None
    ingressrule: Annotated[list[SecurityGroupRuleView], as_set]
    egressrule: Annotated[list[SecurityGroupRuleView], as_set]
    tags: Annotated[list[View], as_set]

    OBJECT = "securitygroup"


async def security_group_views(
    cloud: Cloud,
    rows: Sequence[SecurityGroupRow],
    rules: Sequence[SecurityGroupRuleRow] | None = None,
    *,
    members: bool = True,
) -> list[SecurityGroupView]:
    """The views of groups, in order; `rules` None shows all of theirs."""
    names, ids = cloud.part(AccountNames), [row.id for row in rows]
    if rules is None:
        rules = await cloud.store.rows(RULES_OF, ids) if ids else []
    allowed = sorted({rule.allowed_group_id for rule in rules if rule.allowed_group_id is not None})
    others = {group.id: group for group in await cloud.store.rows(BY_IDS, allowed)} if allowed else {}
    await names.know({row.account_id for row in (*rows, *others.values())}, set())
    in_groups = await vm_uuids_by_group(cloud, await cloud.store.rows(MEMBERS_OF, ids)) if members and ids else {}
    found: list[SecurityGroupView] = []
    for row in rows:
        owner = names.account(row.account_id)
        view = SecurityGroupView(
            id=row.uuid,
            name=row.name,
            description=row.description,
            account=owner.name,
            domainid=owner.domain_uuid,
            domain=owner.domain_name,
            domainpath=owner.domain_path,
            ingressrule=[],
            egressrule=[],
            tags=[],
        )
        if members:
            view.virtualmachineids = in_groups.get(row.id, [])
            view.virtualmachinecount = len(view.virtualmachineids)
        for rule in rules:
            if rule.group_id == row.id:
                shown = view.ingressrule if rule.direction == INGRESS else view.egressrule
                shown.append(_rule_view(rule, others.get(rule.allowed_group_id or 0), names))
        found.append(view)
    return found


def _rule_view(
    rule: SecurityGroupRuleRow, other: SecurityGroupRow | None, names: AccountNames
) -> SecurityGroupRuleView:
    view = SecurityGroupRuleView(ruleid=rule.uuid, protocol=rule.protocol, cidr=rule.cidr, tags=[])
    if rule.protocol == "icmp":
        view.icmptype, view.icmpcode = rule.start_port, rule.end_port
    elif rule.protocol != "all":
        view.startport, view.endport = rule.start_port, rule.end_port
    if other is not None:
        view.securitygroupname, view.account = other.name, names.account(other.account_id).name
    return view


async def groups_of_vms(cloud: Cloud, vm_ids: Sequence[int]) -> dict[int, list[SecurityGroupView]]:
    """The groups of a page of VMs: VM id to views with their rules."""
    members = await cloud.store.rows(GROUPS_OF_VMS, list(vm_ids))
    if not members:
        return {}
    rows = await cloud.store.rows(BY_IDS, sorted({member.group_id for member in members}))
    views = await security_group_views(cloud, rows, members=False)
    return groups_by_vm(members, dict(zip([row.id for row in rows], views, strict=True)))
