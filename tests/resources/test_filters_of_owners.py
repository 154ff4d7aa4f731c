"""Every filter of the lists of domains, accounts and users, and what creating them takes, by two values each."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api import Api
from tests.filters import Filters

from lakh.contract.client import ClientError
from lakh.resources.account.row import DOMAIN_ADMIN


async def _domain(api: Api, name: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await api.admin.call("createDomain", name=name, **more))["domain"]
    return made


async def _account(api: Api, name: str, **more: Any) -> dict[str, Any]:
    given = {
        "username": name,
        "password": "a good password",
        "firstname": name.title(),
        "lastname": f"{name} family",
        "email": f"{name}@example.org",
        "accounttype": 0,
    }
    made: dict[str, Any] = (await api.admin.call("createAccount", **given | more))["account"]
    return made


async def test_domains(api: Api) -> None:
    admin = api.admin
    north = await _domain(api, "north", networkdomain="north.example.org")
    south = await _domain(api, "south", networkdomain="south.example.org")
    deep = await _domain(api, "deep", parentdomainid=north["id"])
    await _domain(api, "low", parentdomainid=south["id"])
    assert north["networkdomain"] != south["networkdomain"]
    assert (deep["parentdomainname"], deep["level"], deep["path"]) == ("north", 2, "ROOT/north/deep")
    domains = Filters(admin, "listDomains", "domain", listall=True)
    await domains.tell("id", {north["id"]: ["north"], south["id"]: ["south"]})
    await domains.tell("name", {"north": ["north"], "deep": ["deep"]})
    await domains.tell("keyword", {"ORT": ["north"], "ee": ["deep"]})
    await domains.tell("level", {0: ["ROOT"], 2: ["deep", "low"]})
    await domains.pages()
    branch = await api.domain("branch")
    await api.domain("twig", branch)
    boss = await api.user("boss", branch, DOMAIN_ADMIN)
    await Filters(boss, "listDomains", "domain").tell("listall", {True: ["branch", "twig"], False: ["branch"]})
    children = Filters(admin, "listDomainChildren", "domain")
    await children.tell("id", {north["id"]: ["deep"], south["id"]: ["low"]})
    (root,) = (await admin.call("listDomains", name="ROOT"))["domain"]
    low, top = ["deep", "low", "twig"], ["branch", "north", "south"]
    below = Filters(admin, "listDomainChildren", "domain", id=root["id"])
    await below.tell("isrecursive", {True: [*low, *top], False: top})
    await below.tell("name", {"north": ["north"], "south": ["south"]})
    await below.tell("keyword", {"NOR": ["north"], "sou": ["south"]})
    await below.pages()
    for details, shown in (("min", False), ("all", True)):
        answer = await admin.call("listDomains", id=north["id"], details=details)
        assert ("vmlimit" in answer["domain"][0]) is shown


async def test_accounts(api: Api) -> None:
    admin = api.admin
    north, south = await _domain(api, "north"), await _domain(api, "south")
    joe = await _account(api, "joe", domainid=north["id"], networkdomain="joe.example.org", timezone="UTC")
    ann = await _account(api, "ann", domainid=south["id"], networkdomain="ann.example.org", accounttype=2)
    assert (joe["roletype"], ann["roletype"]) == ("User", "DomainAdmin")
    await admin.call("disableAccount", id=ann["id"], lock=True)
    accounts = Filters(admin, "listAccounts", "account", listall=True)
    await accounts.tell("id", {joe["id"]: ["joe"], ann["id"]: ["ann"]})
    await accounts.tell("name", {"joe": ["joe"], "ann": ["ann"]})
    await accounts.tell("keyword", {"JO": ["joe"], "nn": ["ann"]})
    await accounts.tell("domainid", {north["id"]: ["joe"], south["id"]: ["ann"]})
    await accounts.tell("accounttype", {0: ["joe"], 2: ["ann"]})
    await accounts.tell("iscleanuprequired", {True: [], False: ["admin", "ann", "joe"]})
    await accounts.pages()
    for details, shown in (("min", False), ("all", True)):
        answer = await admin.call("listAccounts", id=joe["id"], details=details)
        assert ("vmlimit" in answer["account"][0]) is shown
    (root,) = (await admin.call("listDomains", name="ROOT"))["domain"]
    subtree = Filters(admin, "listAccounts", "account", domainid=root["id"])
    await subtree.tell("isrecursive", {True: ["admin", "ann", "joe"], False: ["admin"]})
    await Filters(admin, "listAccounts", "account").tell("listall", {True: ["admin", "ann", "joe"], False: ["admin"]})


async def test_the_state_of_an_account(api: Api) -> None:
    await _account(api, "joe")
    ann = await _account(api, "ann")
    await api.admin.job("disableAccount", id=ann["id"], lock=False)
    accounts = Filters(api.admin, "listAccounts", "account", listall=True)
    await accounts.tell("state", {"enabled": ["admin", "joe"], "disabled": ["ann"]})


async def test_users(api: Api) -> None:
    admin = api.admin
    north = await _domain(api, "north")
    joe, ann = await _account(api, "joe", domainid=north["id"]), await _account(api, "ann", accounttype=1)
    users = Filters(admin, "listUsers", "user", shown="username", listall=True)
    await users.tell("id", {joe["user"][0]["id"]: ["joe"], ann["user"][0]["id"]: ["ann"]})
    await users.tell("username", {"joe": ["joe"], "ann": ["ann"]})
    await users.tell("keyword", {"JOE": ["joe"], "ann": ["ann"]})
    await users.tell("accounttype", {0: ["joe"], 1: ["admin", "ann"]})
    await users.tell("domainid", {north["id"]: ["joe"], (await _domain(api, "empty"))["id"]: []})
    await users.pages()
    await admin.job("disableUser", id=joe["user"][0]["id"])
    await users.tell("state", {"enabled": ["admin", "ann"], "disabled": ["joe"]})


async def test_limits_by_type_and_owner(api: Api) -> None:
    admin = api.admin
    north = await _domain(api, "north")
    for name in ("joe", "ann"):
        await _account(api, name, domainid=north["id"])
    for kind, word in ((0, "user_vm"), (1, "public_ip")):
        for most in (5, 9):
            answer = await admin.call(
                "updateResourceLimit", resourcetype=kind, max=most, account="joe", domainid=north["id"]
            )
            assert (answer["resourcelimit"]["resourcetypename"], answer["resourcelimit"]["max"]) == (word, most)
    other = await admin.call("updateResourceLimit", resourcetype=0, max=5, account="ann", domainid=north["id"])
    assert other["resourcelimit"]["account"] == "ann"
    whole = await admin.call("updateResourceLimit", resourcetype=0, max=50, domainid=north["id"])
    assert whole["resourcelimit"]["domain"] == "north"
    with pytest.raises(ClientError):
        await admin.call("updateResourceLimit", resourcetype=99, max=50, domainid=north["id"])
