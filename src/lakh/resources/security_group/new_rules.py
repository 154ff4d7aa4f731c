"""Rules as a request gives them: protocol and ports checked, one row per subnet or allowed group."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import NamedTuple

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import find_account
from lakh.resources.command import Call
from lakh.resources.security_group.row import BY_NAMES, RULES_OF, SecurityGroupRow, SecurityGroupRuleRow

PROTOCOLS = {"tcp": "tcp", "udp": "udp", "icmp": "icmp", "all": "all", "6": "tcp", "17": "udp", "1": "icmp"}


class Asked(NamedTuple):
    """A request's parameters."""

    protocol: str | None
    start_port: int | None
    end_port: int | None
    icmp_type: int | None
    icmp_code: int | None
    cidrs: Sequence[str]
    groups: Sequence[dict[str, str]]


Said = tuple[str, str, int, int, str | None, int | None]


def what_it_says(rule: SecurityGroupRuleRow) -> Said:
    """(direction, protocol, ports, who is let through): no two rules of a group say the same."""
    return rule.direction, rule.protocol, rule.start_port, rule.end_port, rule.cidr, rule.allowed_group_id


async def known_rules(cloud: Cloud, group_id: int) -> set[Said]:
    """What the group's rules say."""
    return {what_it_says(rule) for rule in await cloud.store.rows(RULES_OF, [group_id])}


async def new_rules(call: Call, group: SecurityGroupRow, direction: str, asked: Asked) -> list[SecurityGroupRuleRow]:
    """The rows that are not there yet. Raises ParameterError."""
    protocol, start, end = _ports(asked)
    if bool(asked.cidrs) == bool(asked.groups):
        raise ParameterError("Either cidrlist or usersecuritygrouplist is required, and not both")
    known = await known_rules(call.cloud, group.id)
    through: list[tuple[str | None, int | None]] = [(_cidr(text), None) for text in asked.cidrs]
    through += [(None, (await _group(call, entry)).id) for entry in asked.groups]
    cloud = call.cloud
    return [
        SecurityGroupRuleRow(
            id=cloud.id("security_group_rule"),
            uuid=cloud.uuid(),
            group_id=group.id,
            direction=direction,
            protocol=protocol,
            start_port=start,
            end_port=end,
            cidr=cidr,
            allowed_group_id=allowed,
            created_ms=cloud.now_ms(),
        )
        for cidr, allowed in dict.fromkeys(through)
        if (direction, protocol, start, end, cidr, allowed) not in known
    ]


def _ports(asked: Asked) -> tuple[str, int, int]:
    """(protocol, start, end); type and code for icmp, where -1 stands for all."""
    given = (asked.protocol or "all").lower()
    protocol = PROTOCOLS.get(given)
    if protocol is None:
        raise ParameterError(f"Invalid protocol {asked.protocol}: give tcp, udp, icmp or all")
    if protocol == "icmp":
        kind = -1 if asked.icmp_type is None else asked.icmp_type
        code = -1 if asked.icmp_code is None else asked.icmp_code
        if not -1 <= kind <= 255 or not -1 <= code <= 255:
            raise ParameterError(f"Invalid icmp type {kind} or code {code}: give -1 to 255")
        return protocol, kind, code
    if protocol == "all":
        if asked.start_port is not None or asked.end_port is not None:
            raise ParameterError("Protocol all takes no startport and endport")
        return protocol, 0, 65535
    if asked.start_port is None and asked.end_port is None:
        raise ParameterError(f"startport and endport are required for protocol {protocol}")
    start = asked.start_port if asked.start_port is not None else asked.end_port
    end = asked.end_port if asked.end_port is not None else asked.start_port
    assert start is not None
    assert end is not None
    if not 0 < start <= end <= 65535:
        raise ParameterError(f"Invalid port range {start}-{end}: ports go from 1 to 65535, the lower one first")
    return protocol, start, end


def _cidr(text: str) -> str:
    try:
        return str(IPv4Network(text.strip(), strict=False))
    except ValueError:
        raise ParameterError(f"Invalid cidr {text[:64]}: give a subnet such as 192.0.2.0/24") from None


async def _group(call: Call, entry: dict[str, str]) -> SecurityGroupRow:
    name, account = entry.get("group"), entry.get("account")
    if not name or not account:
        raise ParameterError("usersecuritygrouplist: every entry names account and group")
    owner = await find_account(call, account, call.caller.domain_id)
    rows = await call.cloud.store.rows(BY_NAMES, owner.id, [name])
    if not rows:
        raise ParameterError(f"Nonexistent security group {name} for account {account}")
    return rows[0]
