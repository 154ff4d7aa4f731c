"""What tags can be on: CloudStack's names of kinds of resources, and the tables that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.resources.account.ownership import check_access
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.command import Call
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.store.statement import Statement, statement
from lakh.store.table import TABLES

KINDS = {
    "UserVm": "vm",
    "Template": "template",
    "ISO": "template",
    "Volume": "volume",
    "Snapshot": "snapshot",
    "VMSnapshot": "vm_snapshot",
    "SnapshotPolicy": "snapshot_policy",
    "Backup": "backup",
    "Network": "network",
    "Vpc": "vpc",
    "LoadBalancer": "load_balancer_rule",
    "PortForwardingRule": "port_forwarding_rule",
    "FirewallRule": "firewall_rule",
    "SecurityGroup": "security_group",
    "SecurityGroupRule": "security_group_rule",
    "PublicIpAddress": "ip_address",
    "NetworkACL": "network_acl_item",
    "NetworkACLList": "network_acl",
    "StaticRoute": "static_route",
    "Project": "project",
    "Account": "account",
    "User": "users",
    "Domain": "domain",
    "Zone": "zone",
    "ServiceOffering": "service_offering",
    "DiskOffering": "disk_offering",
    "NetworkOffering": "network_offering",
    "Storage": "storage_pool",
    "GuestOs": "guest_os",
}
"""Kind → table. A table that does not exist here has nothing to tag."""

OWNERS = {
    "account": ("id", "domain_id"),
    "domain": (str(SYSTEM_ACCOUNT), "id"),
}
"""Tables whose rows say otherwise than by `account_id` and `domain_id` whose they are."""

_BY_LOWER = {name.lower(): name for name in KINDS}


class Resource(NamedTuple):
    """One thing that has tags, and whose it is."""

    kind: str
    id: int
    uuid: str
    account_id: int
    domain_id: int


def kind_of(given: str) -> str:
    """CloudStack's spelling of a kind given in any case. Raises ParameterError."""
    found = _BY_LOWER.get(given.lower())
    if found is None or KINDS[found] not in TABLES:
        known = ", ".join(name for name, table in KINDS.items() if table in TABLES)
        raise ParameterError(f"Invalid resourcetype {given[:64]}: give one of {known}")
    return found


async def resources_of(call: Call, kind: str, ids: Sequence[str]) -> list[Resource]:
    """The named resources, which the caller may touch. Raises ParameterError, PermissionDeniedError."""
    found = [await _resource(call, kind, given) for given in dict.fromkeys(ids)]
    for resource in found:
        if resource.account_id == SYSTEM_ACCOUNT and not call.caller.is_root_admin:
            raise PermissionDeniedError(
                f"Account {call.caller.account_name} does not have permission to operate with provided resource"
            )
        await check_access(call, resource.account_id, resource.domain_id)
    return found


async def _resource(call: Call, kind: str, given: str) -> Resource:
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    look = _lookup(KINDS[kind], "uuid" if number is None else "id")
    rows = await call.cloud.store.read(look, given.lower() if number is None else number)
    if not rows:
        raise ParameterError(f"Unable to find resource by id {given[:64]} and type {kind}")
    row_id, uuid, account_id, domain_id = rows[0]
    return Resource(kind, row_id, uuid, account_id, domain_id)


def _lookup(table: str, by: str) -> Statement:
    """Owner columns of the table, where it has some; what nobody owns belongs to the system."""
    columns = set(TABLES[table].column_names)
    account, domain = OWNERS.get(table, ("account_id", "domain_id"))
    if table not in OWNERS and "account_id" not in columns:
        account, domain = str(SYSTEM_ACCOUNT), str(ROOT_DOMAIN)
    live = " AND removed_ms IS NULL" if "removed_ms" in columns else ""
    return statement(
        f"{table}.owner_by_{by}",
        f"SELECT id, uuid, {account}, {domain} FROM {table} WHERE {by} = $1{live}",
    )
