"""Domains, told over HTTP."""

from __future__ import annotations

from tests.api import Api
from tests.refusal import refused

PERSON = {"firstname": "Ann", "lastname": "Lee", "email": "ann@example.org", "password": "pass word"}


async def test_a_tree_grows_is_renamed_and_goes(api: Api) -> None:
    admin = api.admin
    sales = (await admin.call("createDomain", name="sales", networkdomain="sales.example"))["domain"]
    north = (await admin.call("createDomain", name="north", parentdomainid=sales["id"]))["domain"]
    assert (north["path"], north["level"], north["parentdomainname"], north["haschild"]) == (
        "ROOT/sales/north",
        2,
        "sales",
        False,
    )
    assert (sales["networkdomain"], sales["vmlimit"], sales["vmtotal"]) == ("sales.example", "Unlimited", 0)
    listed = await admin.call("listDomains")
    assert [(d["name"], d["haschild"]) for d in listed["domain"]] == [("ROOT", True), ("sales", True), ("north", False)]
    assert listed["domain"][0]["vmlimit"] == "Unlimited"

    await admin.call("updateDomain", id=sales["id"], name="trade")
    assert (await admin.call("listDomains", id=north["id"]))["domain"][0]["path"] == "ROOT/trade/north"

    await refused(admin.job("deleteDomain", id=sales["id"]), 536, "1 domains below it")
    await admin.call("createAccount", accounttype=0, username="ann", domainid=north["id"], **PERSON)
    assert (await admin.job("deleteDomain", id=sales["id"], cleanup=True))["success"] is True
    assert (await admin.call("listDomains"))["count"] == 1
    assert await admin.call("listAccounts", name="ann", listall=True) == {}
    assert await admin.call("listDomains", id=north["id"]) == {}


async def test_names_are_unique_among_siblings(api: Api) -> None:
    sales = (await api.admin.call("createDomain", name="sales"))["domain"]
    await refused(api.admin.call("createDomain", name="sales"), 431, "Domain with name sales already exists")
    assert (await api.admin.call("createDomain", name="sales", parentdomainid=sales["id"]))["domain"]["level"] == 2
    await refused(api.admin.call("createDomain", name="a/b"), 431, "without slashes")
    await refused(api.admin.call("createDomain", name="x", networkdomain="-bad-"), 431, "Invalid network domain")
    await refused(api.admin.call("createDomain", name="x", domainid=sales["id"]), 431, "in use by another domain")


async def test_children_and_subtrees(api: Api) -> None:
    sales = await api.domain("sales")
    north = await api.domain("north", sales)
    await api.domain("coast", north)

    async def names(**filters: object) -> list[str]:
        answer = await api.admin.call("listDomainChildren", **filters)
        return [domain["name"] for domain in answer.get("domain", [])]

    assert await names() == ["sales"]
    assert await names(isrecursive=True) == ["sales", "north", "coast"]
    assert await names(id=sales.uuid) == ["north"]
    assert await names(id=sales.uuid, isrecursive=True, keyword="AS") == ["coast"]
    by_id = await api.admin.call("listDomains", id=north.uuid, isrecursive=True)
    assert [domain["name"] for domain in by_id["domain"]] == ["north", "coast"]
    assert (await api.admin.call("listDomains", level=3))["domain"][0]["name"] == "coast"
    assert "vmlimit" not in (await api.admin.call("listDomains", details="min"))["domain"][0]


async def test_a_domain_admin_sees_and_changes_its_subtree_only(api: Api) -> None:
    sales = await api.domain("sales")
    await api.domain("north", sales)
    other = await api.domain("other")
    boss = await api.user("boss", sales, kind=2)
    assert [d["name"] for d in (await boss.call("listDomains"))["domain"]] == ["sales"]
    assert [d["name"] for d in (await boss.call("listDomains", listall=True))["domain"]] == ["sales", "north"]
    outside = "does not have permission to operate within domain"
    await refused(boss.call("listDomains", id=other.uuid), 531, outside)
    await refused(boss.call("createDomain", name="x", parentdomainid=other.uuid), 531, outside)
    await refused(boss.job("deleteDomain", id=other.uuid, cleanup=True), 531, outside)
    await refused(boss.job("deleteDomain", id=sales.uuid, cleanup=True), 531, "caller's own")
    made = (await boss.call("createDomain", name="south", parentdomainid=sales.uuid))["domain"]
    assert made["path"] == "ROOT/sales/south"


async def test_the_root_domain_stays(api: Api) -> None:
    root = (await api.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    await refused(api.admin.call("updateDomain", id=root, name="BASE"), 531, "ROOT")
    await refused(api.admin.job("deleteDomain", id=root, cleanup=True), 531, "ROOT")
