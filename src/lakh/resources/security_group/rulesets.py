"""A VM's rules as its host applies them: the union over its groups, members of allowed groups as their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakh.jobs.cloud import Cloud
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.nic.row import NicRow
from lakh.resources.security_group.row import (
    EGRESS,
    GROUPS_OF_VMS,
    INGRESS,
    MEMBERS_OF,
    RULES_OF,
    SecurityGroupRuleRow,
    VmRulesetRow,
)
from lakh.resources.vm.row import BY_IDS, VmRow
from lakh.wire.commands.security import GroupRule, group_rules
from lakh.wire.message import Message


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What one host must be sent for one VM."""

    vm: VmRow
    sequence: int
    command: Message


async def rulesets(cloud: Cloud, wanted: Sequence[VmRulesetRow]) -> list[Ruleset]:
    """The commands of those VMs that run and have an address."""
    ids = [row.vm_id for row in wanted]
    vms = {vm.id: vm for vm in await cloud.store.rows(BY_IDS, ids)}
    groups: dict[int, list[int]] = {}
    for member in await cloud.store.rows(GROUPS_OF_VMS, ids):
        groups.setdefault(member.vm_id, []).append(member.group_id)
    all_groups = sorted({group for of_vm in groups.values() for group in of_vm})
    rules: dict[int, list[SecurityGroupRuleRow]] = {}
    for rule in await cloud.store.rows(RULES_OF, all_groups):
        rules.setdefault(rule.group_id, []).append(rule)
    allowed = sorted({r.allowed_group_id for of in rules.values() for r in of if r.allowed_group_id is not None})
    addresses = await _addresses(cloud, allowed)
    nics = {nic.vm_id: nic for nic in await cloud.store.rows(NICS_OF_VMS, ids) if _counts(nic)}
    found: list[Ruleset] = []
    for row in wanted:
        vm, nic = vms.get(row.vm_id), nics.get(row.vm_id)
        if vm is None or nic is None or vm.state != "Running" or vm.host_id is None:
            continue
        own = [rule for group in groups.get(vm.id, ()) for rule in rules.get(group, ())]
        command = group_rules(
            vm_id=vm.id,
            vm_name=vm.instance_name,
            guest_ip=nic.ip or "",
            guest_mac=nic.mac,
            management_server_id=cloud.management_server_id,
            sequence=row.sequence,
            ingress=_merged(own, INGRESS, addresses),
            egress=_merged(own, EGRESS, addresses),
        )
        found.append(Ruleset(vm, row.sequence, command))
    return found


def _counts(nic: NicRow) -> bool:
    return nic.security_group_enabled and nic.ip is not None


async def _addresses(cloud: Cloud, group_ids: list[int]) -> dict[int, list[str]]:
    """Group id to the addresses of its members, as subnets of one."""
    if not group_ids:
        return {}
    members = await cloud.store.rows(MEMBERS_OF, group_ids)
    running = {vm.id for vm in await cloud.store.rows(BY_IDS, sorted({m.vm_id for m in members})) if vm.host_id}
    nics: dict[int, list[str]] = {}
    for nic in await cloud.store.rows(NICS_OF_VMS, sorted(running)):
        if _counts(nic):
            nics.setdefault(nic.vm_id, []).append(f"{nic.ip}/32")
    found: dict[int, list[str]] = {}
    for member in members:
        found.setdefault(member.group_id, []).extend(nics.get(member.vm_id, ()))
    return found


def _merged(rules: list[SecurityGroupRuleRow], direction: str, addresses: dict[int, list[str]]) -> list[GroupRule]:
    """One rule per protocol and ports with all it lets through."""
    cidrs: dict[tuple[str, int, int], set[str]] = {}
    for rule in rules:
        if rule.direction != direction:
            continue
        through = cidrs.setdefault((rule.protocol, rule.start_port, rule.end_port), set())
        if rule.cidr is not None:
            through.add(rule.cidr)
        through.update(addresses.get(rule.allowed_group_id or 0, ()))
    return [GroupRule(*key, tuple(sorted(through))) for key, through in sorted(cidrs.items()) if through]
