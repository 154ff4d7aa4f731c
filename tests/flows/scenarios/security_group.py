"""Scenarios of security groups' rules, seen by what the host of a member is told in the end."""

from __future__ import annotations

from typing import Any

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import deployed, fresh, shared_network
from tests.flows.server import Server

from lakh.healing.security_groups import SecurityGroups
from lakh.resources.security_group.row import EGRESS, INGRESS, SecurityGroupRow, SecurityGroupRuleRow
from lakh.resources.vm.row import VmRow
from lakh.wire.message import Message

PORTS = {"protocol": "tcp", "startport": 80, "endport": 81}
SUBNETS = ["192.0.2.0/24", "198.51.100.0/24"]
SETS = {INGRESS: "ingressRuleSet", EGRESS: "egressRuleSet"}


async def _member(server: Server) -> tuple[SecurityGroupRow, VmRow]:
    """A group, and a VM in it whose host knows all there is to know."""
    made = await server.call("createSecurityGroup", name=fresh("group"))
    group = await server.find(SecurityGroupRow, made.id)
    network = await shared_network(server, security_group_enabled=True)
    vm = await deployed(server, networkids=[network.id], securitygroupids=[group.id])
    await SecurityGroups().run(server.cloud)
    return group, vm


async def _applied(server: Server, vm: VmRow, direction: str) -> list[tuple[str, int, int, list[str]]]:
    """The rules that its host has once the reconciler has been there: what it is sent, or else was sent before."""
    sent: list[dict[str, Any]] = []

    def note(_host: int, command: Message) -> str:
        if command.name == "SecurityGroupRulesCmd" and command.body["vmName"] == vm.instance_name:
            sent.append(command.body)
        return ""

    before, server.hosts.refuse = server.hosts.refuse, note
    await SecurityGroups().run(server.cloud)
    server.hosts.refuse = before
    assert len(sent) <= 1
    return (
        [(r["proto"], r["startPort"], r["endPort"], r["allowedCidrs"]) for r in sent[0][SETS[direction]]]
        if sent
        else []
    )


async def _rules(server: Server, group: SecurityGroupRow) -> list[SecurityGroupRuleRow]:
    return [rule for rule in await server.all(SecurityGroupRuleRow) if rule.group_id == group.id]


async def _authorizing(server: Server, direction: str) -> Case:
    group, vm = await _member(server)

    async def succeeded() -> None:
        assert [(r.direction, r.cidr) for r in await _rules(server, group)] == [(direction, s) for s in SUBNETS]
        assert await _applied(server, vm, direction) == [("tcp", 80, 81, SUBNETS)]

    async def failed() -> None:
        assert await _rules(server, group) == []
        assert await _applied(server, vm, direction) == []

    return Case({"securitygroupid": group.id, **PORTS, "cidrlist": SUBNETS}, succeeded, failed)


@scenario("authorizeSecurityGroupIngress")
async def let_in(server: Server) -> Case:
    return await _authorizing(server, INGRESS)


@scenario("authorizeSecurityGroupEgress")
async def let_out(server: Server) -> Case:
    return await _authorizing(server, EGRESS)


async def _revoking(server: Server, direction: str) -> Case:
    """Of two rules one goes. A host that is told of the other one alone has dropped it."""
    group, vm = await _member(server)
    authorize = f"authorizeSecurityGroup{direction.capitalize()}"
    await server.call(authorize, securitygroupid=group.id, **PORTS, cidrlist=SUBNETS)
    await SecurityGroups().run(server.cloud)
    goes = (await _rules(server, group))[0]

    async def succeeded() -> None:
        assert [rule.cidr for rule in await _rules(server, group)] == SUBNETS[1:]
        assert await _applied(server, vm, direction) == [("tcp", 80, 81, SUBNETS[1:])]

    async def failed() -> None:
        assert [rule.cidr for rule in await _rules(server, group)] == SUBNETS

    return Case({"id": goes.id}, succeeded, failed)


@scenario("revokeSecurityGroupIngress")
async def no_longer_in(server: Server) -> Case:
    return await _revoking(server, INGRESS)


@scenario("revokeSecurityGroupEgress")
async def no_longer_out(server: Server) -> Case:
    return await _revoking(server, EGRESS)
