"""Settings that requests heed: the same request before and after the setting changed."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.api import Api, Tenant
from tests.ground import Ground
from tests.refusal import refused

from lakh.resources.configuration.view import NOT_ACTED_ON


async def set_to(api: Api, name: str, value: object, **scope: Any) -> None:
    await api.admin.call("updateConfiguration", name=name, value=value, **scope)


async def described(api: Api, name: str) -> str:
    found = await api.admin.call("listConfigurations", name=name)
    return str(found["configuration"][0]["description"])


async def test_a_setting_that_changes_nothing_says_so(api: Api) -> None:
    assert await described(api, "xapiwait") == "Xapiwait" + NOT_ACTED_ON
    assert await described(api, "expunge.delay") == "Expunge delay"
    changed = await api.admin.call("updateConfiguration", name="xapiwait", value=61)
    assert changed["configuration"]["description"].endswith(NOT_ACTED_ON)


async def new_user(api: Api, username: str, password: str, **more: Any) -> str:
    made = await api.admin.call(
        "createAccount", username=username, password=password, firstname="a", lastname="b", email="c@example.org",
        accounttype=0, **more,
    )  # fmt: skip
    return str(made["account"]["user"][0]["id"])


@pytest.mark.parametrize(
    ("setting", "value", "bad", "good", "why"),
    [
        ("minimum.length", 9, "aB3#aB3#", "aB3#aB3#9", "at least 9 characters"),
        ("minimum.digits", 2, "only1one", "12", "at least 2 digits"),
        ("minimum.uppercase.letters", 1, "low", "Low", "at least 1 upper case"),
        ("minimum.lowercase.letters", 3, "UPPER", "UPPer1low", "at least 3 lower case"),
        ("minimum.special.characters", 1, "plain1", "pl@in", "at least 1 special"),
        ("allowPasswordToContainUsername", "false", "myZOEsecret", "my secret", "name of its user"),
        ("regex", "[a-z]+[0-9]", "abc", "abc7", "does not match"),
    ],
)
async def test_passwords_are_as_the_policy_wants_them(
    api: Api, setting: str, value: object, bad: str, good: str, why: str
) -> None:
    user = await new_user(api, "zoe", bad)
    await set_to(api, f"password.policy.{setting}", value)
    await refused(api.admin.call("createUser", username="zoe", password=bad, firstname="a", lastname="b",
                                 email="c@example.org", account="zoe"), 431, why)  # fmt: skip
    await refused(api.admin.call("updateUser", id=user, password=bad), 431, why)
    await api.admin.call("updateUser", id=user, password=good)


async def test_a_domain_has_a_policy_of_its_own(api: Api) -> None:
    strict = (await api.admin.call("createDomain", name="strict"))["domain"]["id"]
    await set_to(api, "password.policy.minimum.length", 12, domainid=strict)
    await new_user(api, "ann", "short")
    await refused(new_user(api, "bob", "short", domainid=strict), 431, "at least 12 characters")


async def test_an_expression_that_is_none_is_named(api: Api) -> None:
    await set_to(api, "password.policy.regex", "[a-z")
    await refused(new_user(api, "ann", "short"), 431, "password.policy.regex is no regular expression")


async def test_the_length_of_new_ssh_keys(api: Api) -> None:
    async def bits(name: str) -> int:
        made = (await api.admin.call("createSSHKeyPair", name=name))["keypair"]
        return int(load_pem_private_key(made["privatekey"].encode(), None).key_size)  # type: ignore[union-attr]

    assert await bits("default") == 2048
    await set_to(api, "ssh.key.length", 1536)
    assert await bits("shorter") == 1536
    await set_to(api, "ssh.key.length", 7)
    assert await bits("too short") == 1024


async def test_the_largest_service_offering(api: Api) -> None:
    async def offer(**size: int) -> None:
        await api.admin.call("createServiceOffering", name="o", displaytext="o", **size)

    large = {"cpunumber": 9, "cpuspeed": 1000, "memory": 9000}
    await offer(**large)
    await set_to(api, "vm.serviceoffering.cpu.cores.max", 8)
    await refused(offer(**large), 431, "cpunumber 9 is more than 8")
    await set_to(api, "vm.serviceoffering.ram.size.max", 8192)
    await refused(offer(**large | {"cpunumber": 8}), 431, "memory 9000 is more than 8192")
    bounds = {"mincpunumber": 1, "maxcpunumber": 16, "cpuspeed": 1000, "minmemory": 512, "maxmemory": 4096}
    await refused(offer(**bounds), 431, "maxcpunumber 16 is more than 8")
    await offer(cpunumber=8, cpuspeed=1000, memory=8192)


async def test_planners_that_may_be_named(api: Api) -> None:
    async def planners() -> list[str]:
        return [p["name"] for p in (await api.admin.call("listDeploymentPlanners"))["deploymentPlanner"]]

    assert (await planners())[0] == "FirstFitPlanner"
    await set_to(api, "deployment.planners.order", "UserDispersingPlanner,FirstFitPlanner")
    assert (await planners())[:2] == ["UserDispersingPlanner", "FirstFitPlanner"]
    await set_to(api, "deployment.planners.exclude", "SkipHeuresticsPlanner,UserConcentratedPodPlanner")
    assert "UserConcentratedPodPlanner" not in await planners()
    offer = api.admin.call(
        "createServiceOffering", name="o", displaytext="o", cpunumber=1, cpuspeed=1000, memory=512,
        deploymentplanner="UserConcentratedPodPlanner",
    )  # fmt: skip
    await refused(offer, 431, "Invalid name of deployment planner")


async def test_which_way_lists_go_by_their_sort_keys(api: Api) -> None:
    for number, key in (("one", 1), ("two", 2)):
        made = await api.admin.call(
            "createServiceOffering", name=number, displaytext=number, cpunumber=1, cpuspeed=1000, memory=512
        )
        await api.admin.call("updateServiceOffering", id=made["serviceoffering"]["id"], sortkey=key)

    async def names() -> list[str]:
        listed = await api.admin.call("listServiceOfferings", listall=True)
        return [o["name"] for o in listed["serviceoffering"] if o["name"] in ("one", "two")]

    assert await names() == ["one", "two"]
    await set_to(api, "sortkey.algorithm", "false")
    assert await names() == ["two", "one"]


async def test_metrics_of_places_may_be_left_out(ground: Ground) -> None:
    async def figures(tenant: Tenant) -> list[bool]:
        zone = (await tenant.call("listZonesMetrics"))["zone"][0]
        cluster = (await tenant.call("listClustersMetrics"))["cluster"][0]
        return ["memorytotal" in found for found in (zone, cluster)]

    await ground.join()
    assert await figures(ground.api.admin) == [True, True]
    await set_to(ground.api, "allow.list.metrics.computation", "false")
    assert await figures(ground.api.admin) == [False, False]
