"""Which groups a VM is in, and when its host must be told its rules anew. What VM verbs call.

A VM with a NIC in a network with security groups is in at least one: its account's `default` group, made when first
needed, unless others are named.
"""

from __future__ import annotations

from collections.abc import Sequence

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.row import AccountRow
from lakh.resources.network.row import NetworkRow
from lakh.resources.security_group.row import (
    BY_IDS,
    BY_NAMES,
    DEFAULT,
    INSERT,
    INSERT_MEMBER,
    INSERT_RULESET,
    LEAVE_ALL,
    MARK_NEIGHBOURS,
    MARK_VM,
    REMOVE_RULESET,
    SecurityGroupRow,
    SecurityGroupVmRow,
    VmRulesetRow,
)
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError


async def default_group(cloud: Cloud, account_id: int, domain_id: int) -> SecurityGroupRow:
    """The account's default group, which lets everything out and nothing in."""
    if rows := await cloud.store.rows(BY_NAMES, account_id, [DEFAULT]):
        return rows[0]
    row = SecurityGroupRow(
        id=cloud.id("security_group"),
        uuid=cloud.uuid(),
        name=DEFAULT,
        description="Default Security Group",
        account_id=account_id,
        domain_id=domain_id,
        created_ms=cloud.now_ms(),
    )
    try:
        await cloud.store.submit(TxnSpec("security_group.default").put(INSERT, row))
    except DuplicateError:  # another request was faster
        return (await cloud.store.rows(BY_NAMES, account_id, [DEFAULT]))[0]
    return row


async def groups_for(
    cloud: Cloud, owner: AccountRow, networks: Sequence[NetworkRow], ids: Sequence[int], names: Sequence[str]
) -> list[SecurityGroupRow]:
    """The groups of a new VM in these networks. Raises ParameterError, PermissionDeniedError."""
    if ids and names:
        raise ParameterError("securitygroupids parameter is mutually exclusive with securitygroupnames parameter")
    grouped = any(network.security_group_enabled for network in networks)
    if not grouped:
        if ids or names:
            raise ParameterError("Can't create vm with security groups: no network of it has them enabled")
        return []
    if ids:
        found = await cloud.store.rows(BY_IDS, list(ids))
        if gone := [group for group in found if group.removed_ms is not None]:
            raise ParameterError(f"Unable to find security group by id {gone[0].uuid}")
        if foreign := [group for group in found if group.account_id != owner.id]:
            raise PermissionDeniedError(f"Security group {foreign[0].uuid} does not belong to account {owner.name}")
        return found
    if names:
        await default_group(cloud, owner.id, owner.domain_id)
        found = await cloud.store.rows(BY_NAMES, owner.id, list(names))
        known = {group.name for group in found}
        if missing := [name for name in names if name not in known]:
            raise ParameterError(f"Unable to find security group by name {missing[0]}")
        return found
    return [await default_group(cloud, owner.id, owner.domain_id)]


def join(txn: TxnSpec, vm_id: int, groups: Sequence[SecurityGroupRow]) -> None:
    """Adds a new VM's memberships; its rules go to its host once it runs."""
    for group in groups:
        txn.put(INSERT_MEMBER, SecurityGroupVmRow(group.id, vm_id))
    if groups:
        txn.put(INSERT_RULESET, VmRulesetRow(vm_id, 1, True))


def started(txn: TxnSpec, vm_id: int) -> None:
    """Adds to the commit that makes a grouped VM run somewhere: its host is told its rules, and hosts of VMs that let
    its group in are told of its address."""
    txn.add(MARK_VM, vm_id, expect=None).add(MARK_NEIGHBOURS, vm_id, expect=None)


def gone(txn: TxnSpec, vm_id: int) -> None:
    """Adds to the commit that ends a VM: it leaves all groups."""
    txn.add(MARK_NEIGHBOURS, vm_id, expect=None)
    txn.add(LEAVE_ALL, vm_id, expect=None).add(REMOVE_RULESET, vm_id, expect=None)
