"""Security groups through the API, and the rules that hosts apply for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Tenant
from tests.refusal import refused
from tests.routed import Routed

from lakh.healing.security_groups import SecurityGroups
from lakh.resources.security_group.row import VmRulesetRow
from lakh.store.statement import select

RULESETS = select("test.rulesets", VmRulesetRow, "ORDER BY vm_id")
GROUPED = "DefaultSharedNetworkOfferingWithSGService"
SHARED = {"gateway": "10.9.0.1", "netmask": "255.255.255.0", "startip": "10.9.0.10", "endip": "10.9.0.99"}


class Secured(Routed):
    """`sent` is the last ruleset command of each VM, by instance name."""

    sent: dict[str, dict[str, Any]]
    guests: dict[str, Any]

    async def prepare(self) -> None:
        self.sent = {}
        self.guests = await self.network(self.api.admin, "guests", GROUPED, vlan="untagged", **SHARED)
        hosts = self.world.hosts

        def note(_: int, command: Any) -> str:
            if command.name == "SecurityGroupRulesCmd":
                self.sent[command.body["vmName"]] = command.body
            return ""

        hosts.refuse = note

    async def heal(self) -> int:
        """One pass; returns how many rulesets still wait."""
        await SecurityGroups().run(self.api.cloud)
        return sum(row.pending for row in await self.api.cloud.store.rows(RULESETS))

    async def instance(self, who: Tenant, **more: Any) -> tuple[str, str, str]:
        """(uuid, instance name, address) of a new one."""
        vm = await self.deploy(who, self.guests, **more)
        shown = (await self.api.admin.call("listVirtualMachines", id=vm["id"]))["virtualmachine"][0]
        return vm["id"], shown["instancename"], vm["nic"][0]["ipaddress"]


@pytest.fixture
async def secured() -> AsyncIterator[Secured]:
    running = await Secured.start(security_groups=True)
    assert isinstance(running, Secured)
    await running.prepare()
    yield running
    await running.stop()


def rules(sent: dict[str, Any], way: str = "ingressRuleSet") -> list[tuple[str, int, int, list[str]]]:
    return [(r["proto"], r["startPort"], r["endPort"], r["allowedCidrs"]) for r in sent[way]]


async def test_an_instance_is_in_the_default_group_and_its_host_is_told(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    vm_id, name, ip = await secured.instance(joe)
    vm = (await joe.call("listVirtualMachines", id=vm_id))["virtualmachine"][0]
    assert [g["name"] for g in vm["securitygroup"]] == ["default"]
    assert await secured.heal() == 0
    sent = secured.sent[name]
    assert (sent["guestIp"], sent["guestMac"], rules(sent)) == (ip, vm["nic"][0]["macaddress"], [])
    host = secured.world.hosts.hosts[secured.world.running()[name][0]]
    assert host.rulesets is not None
    assert host.rulesets[name][1] == sent["seqNum"]
    group = (await joe.call("listSecurityGroups"))["securitygroup"][0]
    assert (group["name"], group["virtualmachinecount"], group["virtualmachineids"]) == ("default", 1, [vm_id])
    router = await secured.router_of(secured.guests)
    assert (router["state"], len(list(secured.model(router).leases()))) == ("Running", 1)


async def test_rules_reach_the_hosts_of_running_members(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    web = (await joe.call("createSecurityGroup", name="web", description="front end"))["securitygroup"]
    assert (web["account"], web["ingressrule"], web["egressrule"]) == ("joe", [], [])
    _, name, _ = await secured.instance(joe, securitygroupnames="web")
    made = await joe.job(
        "authorizeSecurityGroupIngress", securitygroupid=web["id"], protocol="TCP", startport=80, endport=443,
        cidrlist="0.0.0.0/0,192.0.2.7/24",
    )  # fmt: skip
    shown = made["securitygroup"]["ingressrule"]
    assert sorted((r["protocol"], r["startport"], r["endport"], r["cidr"]) for r in shown) == [
        ("tcp", 80, 443, "0.0.0.0/0"),
        ("tcp", 80, 443, "192.0.2.0/24"),
    ]
    await joe.job(
        "authorizeSecurityGroupEgress", securitygroupname="web", protocol="icmp", icmptype=8, icmpcode=0,
        cidrlist="10.0.0.0/8",
    )  # fmt: skip
    assert await secured.heal() == 0
    sent = secured.sent[name]
    assert rules(sent) == [("tcp", 80, 443, ["0.0.0.0/0", "192.0.2.0/24"])]
    assert rules(sent, "egressRuleSet") == [("icmp", 8, 0, ["10.0.0.0/8"])]
    before = sent["seqNum"]
    await joe.job("revokeSecurityGroupIngress", id=shown[0]["ruleid"])
    assert await secured.heal() == 0
    assert secured.sent[name]["seqNum"] > before
    assert len(secured.sent[name]["ingressRuleSet"][0]["allowedCidrs"]) == 1
    await refused(joe.job("revokeSecurityGroupIngress", id=shown[0]["ruleid"]), 431, "Unable to find the ingress rule")
    await refused(joe.job("revokeSecurityGroupEgress", id=shown[1]["ruleid"]), 431, "Unable to find the egress rule")


async def test_a_rule_for_a_group_follows_its_members(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    for name in ("web", "db"):
        await joe.call("createSecurityGroup", name=name)
    _, database, _ = await secured.instance(joe, securitygroupnames="db")
    await joe.job(
        "authorizeSecurityGroupIngress", securitygroupname="db", protocol="tcp", startport=5432,
        usersecuritygrouplist=[{"account": "joe", "group": "web"}],
    )  # fmt: skip
    assert await secured.heal() == 0
    assert rules(secured.sent[database]) == []
    web_id, _, ip = await secured.instance(joe, securitygroupnames="web")
    assert await secured.heal() == 0
    assert rules(secured.sent[database]) == [("tcp", 5432, 5432, [f"{ip}/32"])]
    await refused(joe.call("deleteSecurityGroup", name="web"), 536, "Cannot delete security group web")
    await secured.api.admin.job("destroyVirtualMachine", id=web_id, expunge=True)
    assert await secured.heal() == 0
    assert rules(secured.sent[database]) == []
    await refused(joe.call("deleteSecurityGroup", name="web"), 536, "rules of other groups name it")
    rule = (await joe.call("listSecurityGroups", securitygroupname="db"))["securitygroup"][0]["ingressrule"][0]
    assert (rule["securitygroupname"], rule["account"]) == ("web", "joe")
    await joe.job("revokeSecurityGroupIngress", id=rule["ruleid"])
    assert await joe.call("deleteSecurityGroup", name="web") == {"success": True}


async def test_what_a_host_refuses_is_sent_again(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    _, name, _ = await secured.instance(joe)
    note = secured.world.hosts.refuse
    secured.world.hosts.refuse = lambda host, c: "busy" if c.name == "SecurityGroupRulesCmd" else note(host, c)
    assert await secured.heal() == 1
    secured.world.hosts.refuse = note
    assert await secured.heal() == 0
    assert name in secured.sent


async def test_a_stopped_instance_is_told_anew_when_it_starts(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    vm_id, name, _ = await secured.instance(joe)
    assert await secured.heal() == 0
    first = secured.sent.pop(name)["seqNum"]
    await joe.job("stopVirtualMachine", id=vm_id)
    await joe.job("startVirtualMachine", id=vm_id)
    assert await secured.heal() == 0
    assert secured.sent[name]["seqNum"] > first


async def test_groups_belong_to_their_account(secured: Secured) -> None:
    joe, ann = await secured.api.user("joe"), await secured.api.user("ann")
    web = (await joe.call("createSecurityGroup", name="web"))["securitygroup"]
    assert (await joe.call("listSecurityGroups"))["count"] == 2, "default is there too"
    assert await ann.call("listSecurityGroups", id=web["id"]) == {}
    await refused(ann.call("deleteSecurityGroup", id=web["id"]), 531, "does not have permission")
    await refused(secured.instance(ann, securitygroupids=web["id"]), 531, "does not belong to account ann")
    await refused(secured.instance(ann, securitygroupnames="web"), 431, "Unable to find security group by name web")
    await refused(
        ann.job("authorizeSecurityGroupIngress", securitygroupid=web["id"], protocol="all", cidrlist="0.0.0.0/0"),
        531,
        "does not have permission",
    )
    await refused(joe.call("createSecurityGroup", name="web"), 431, "already exists")
    await refused(joe.call("createSecurityGroup", name="default"), 431, "is reserved")
    await refused(joe.call("deleteSecurityGroup", name="default"), 431, "cannot be deleted")
    await refused(joe.call("updateSecurityGroup", id=web["id"], name="x"), 432, "not available for the account joe")
    renamed = await secured.api.admin.call("updateSecurityGroup", id=web["id"], name="front")
    assert renamed["securitygroup"]["name"] == "front"
    assert await joe.call("deleteSecurityGroup", id=web["id"]) == {"success": True}


async def test_wrong_rules_are_refused(secured: Secured) -> None:
    joe = await secured.api.user("joe")
    web = (await joe.call("createSecurityGroup", name="web"))["securitygroup"]["id"]
    anywhere = {"cidrlist": "0.0.0.0/0"}
    for parameters, text in (
        ({"protocol": "smoke"} | anywhere, "give tcp, udp, icmp or all"),
        ({"protocol": "tcp"} | anywhere, "startport and endport are required"),
        ({"protocol": "tcp", "startport": 90, "endport": 80} | anywhere, "Invalid port range 90-80"),
        ({"protocol": "udp", "startport": 99999} | anywhere, "Invalid port range"),
        ({"protocol": "icmp", "icmptype": 300} | anywhere, "Invalid icmp type 300"),
        ({"protocol": "all", "startport": 1} | anywhere, "takes no startport"),
        ({"protocol": "all"}, "Either cidrlist or usersecuritygrouplist"),
        ({"protocol": "all", "cidrlist": "here"}, "Invalid cidr here"),
        (
            {"protocol": "all", "usersecuritygrouplist": [{"account": "joe", "group": "none"}]},
            "Nonexistent security group none",
        ),
    ):
        await refused(joe.job("authorizeSecurityGroupIngress", securitygroupid=web, **parameters), 431, text)
    await refused(joe.job("authorizeSecurityGroupIngress", protocol="all", **anywhere), 431, "is required")
    await joe.job("authorizeSecurityGroupIngress", securitygroupid=web, protocol="all", **anywhere)
    await refused(
        joe.job("authorizeSecurityGroupIngress", securitygroupid=web, protocol="all", **anywhere), 431, "exists already"
    )


async def test_groups_need_a_network_that_has_them() -> None:
    routed = await Routed.start()
    joe = await routed.api.user("joe")
    await joe.call("createSecurityGroup", name="web")
    front = await routed.network(joe, "front")
    await refused(routed.deploy(joe, front, securitygroupnames="web"), 431, "no network of it has them enabled")
    await refused(
        routed.network(routed.api.admin, "g", GROUPED, vlan="untagged", **SHARED), 431, "has no security groups"
    )
    await routed.stop()
