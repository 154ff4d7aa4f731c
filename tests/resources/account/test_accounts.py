"""Accounts, told over HTTP."""

from __future__ import annotations

from tests.api import Api
from tests.refusal import refused

from lakh.resources.account.row import AccountRow
from lakh.resources.ip_address.row import INSERT, IpAddressRow
from lakh.store.statement import TxnSpec

PERSON = {"firstname": "Ann", "lastname": "Lee", "email": "ann@example.org", "password": "pass word"}
DENIED = "does not have permission to operate with provided resource"


async def test_an_account_from_creation_to_deletion(api: Api) -> None:
    made = (await api.admin.call("createAccount", accounttype=0, username="ann", **PERSON))["account"]
    assert (made["name"], made["accounttype"], made["state"], made["domainpath"]) == ("ann", 0, "enabled", "ROOT")
    assert (made["rolename"], made["roletype"]) == ("User", "User")
    assert (made["vmlimit"], made["vmtotal"], made["vmavailable"]) == ("20", 0, "20")
    assert [(user["username"], user["state"]) for user in made["user"]] == [("ann", "enabled")]

    assert await api.admin.call("listAccounts", listall=True, name="ann") == {"count": 1, "account": [made]}
    changed = await api.admin.call("updateAccount", id=made["id"], newname="annabel", networkdomain="ann.example")
    assert (changed["account"]["name"], changed["account"]["networkdomain"]) == ("annabel", "ann.example")

    assert (await api.admin.job("deleteAccount", id=made["id"]))["success"] is True
    assert await api.admin.call("listAccounts", id=made["id"]) == {}
    assert await api.admin.call("listUsers", username="ann", listall=True) == {}
    again = await api.admin.call("createAccount", accounttype=0, username="ann", account="annabel", **PERSON)
    assert again["account"]["id"] != made["id"]


async def test_a_taken_name_is_431_and_leaves_nothing(api: Api) -> None:
    await api.admin.call("createAccount", accounttype=0, username="ann", **PERSON)
    same_account = api.admin.call("createAccount", accounttype=0, username="bob", account="ann", **PERSON)
    await refused(same_account, 431, "The specified account: ann already exists")
    same_user = api.admin.call("createAccount", accounttype=0, username="ann", account="other", **PERSON)
    await refused(same_user, 431, "The user ann already exists")
    assert (await api.admin.call("listAccounts", listall=True))["count"] == 2


async def test_account_types_need_a_known_number_or_a_role(api: Api) -> None:
    await refused(api.admin.call("createAccount", username="x", **PERSON), 431, "accounttype or roleid")
    await refused(api.admin.call("createAccount", username="x", accounttype=9, **PERSON), 431, "give one of 0, 1, 2, 3")
    roles = {role["name"]: role["id"] for role in (await api.admin.call("listRoles"))["role"]}
    made = await api.admin.call("createAccount", username="x", roleid=roles["Domain Admin"], **PERSON)
    assert (made["account"]["accounttype"], made["account"]["roletype"]) == (2, "DomainAdmin")


async def test_a_domain_admin_works_in_its_own_subtree_only(api: Api) -> None:
    sales = await api.domain("sales")
    north = await api.domain("north", sales)
    boss = await api.user("boss", sales, kind=2)
    await api.user("outsider")
    made = await boss.call("createAccount", accounttype=0, username="ann", domainid=north.uuid, **PERSON)
    assert made["account"]["domainpath"] == "ROOT/sales/north"

    assert [a["name"] for a in (await boss.call("listAccounts", listall=True))["account"]] == ["boss", "ann"]
    assert [a["name"] for a in (await boss.call("listAccounts"))["account"]] == ["boss"]
    assert (await boss.call("listAccounts", domainid=sales.uuid, isrecursive=True))["count"] == 2
    assert (await boss.call("listAccounts", domainid=sales.uuid))["count"] == 1

    outside = "does not have permission to operate within domain"
    root = (await api.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    await refused(boss.call("listAccounts", domainid=root), 531, outside)
    await refused(boss.call("createAccount", accounttype=0, username="b", domainid=root, **PERSON), 531, outside)
    await refused(boss.call("createAccount", accounttype=1, username="b", **PERSON), 531, "more privileges")


async def test_a_domain_admin_can_not_take_over_a_root_admin_in_its_domain(api: Api) -> None:
    sales = await api.domain("sales")
    boss = await api.user("boss", sales, kind=2)
    root = await api.user("operator", sales, kind=1)
    await refused(boss.call("registerUserKeys", id=root.user.uuid), 531, "has a higher role")
    await refused(boss.call("updateUser", id=root.user.uuid, password="mine"), 531, "has a higher role")
    await refused(boss.call("deleteAccount", id=root.account.uuid), 531, "has a higher role")
    await refused(boss.call("listUserKeys", userid=root.user.uuid), 531, "has a higher role")
    assert {key["username"] for key in (await boss.call("listUserKeys", listall=True))["userkeys"]} == {"boss"}
    assert "secretkey" not in (await boss.call("listUsers", id=root.user.uuid))["user"][0]


async def test_a_user_sees_and_touches_its_own_account_only(api: Api) -> None:
    joe, sue = await api.user("joe"), await api.user("sue")
    for listall in (False, True):
        assert [a["name"] for a in (await joe.call("listAccounts", listall=listall))["account"]] == ["joe"]
    assert await joe.call("listAccounts", id=sue.account.uuid) == {}
    await refused(joe.call("getUserKeys", id=sue.user.uuid), 531, DENIED)
    await refused(joe.call("updateUser", id=sue.user.uuid, firstname="X"), 531, DENIED)
    await refused(joe.call("createAccount", accounttype=0, username="x", **PERSON), 432, "createAccount")


async def test_a_disabled_or_locked_account_can_not_call_until_enabled(api: Api) -> None:
    joe = await api.user("joe")
    done = await api.admin.job("disableAccount", id=joe.account.uuid, lock=False)
    assert done["account"]["state"] == "disabled"
    await refused(joe.call("listUsers"), 401, "unable to verify user credentials")
    assert (await api.admin.call("enableAccount", id=joe.account.uuid))["account"]["state"] == "enabled"
    assert (await joe.call("listUsers"))["count"] == 1
    root = (await api.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    assert (await api.admin.call("lockAccount", account="joe", domainid=root))["account"]["state"] == "locked"
    await refused(joe.call("listUsers"), 401, "unable to verify")


async def test_the_default_admin_and_oneself_are_safe(api: Api) -> None:
    admin = api.admin
    await refused(admin.job("deleteAccount", id=admin.account.uuid), 431, "default admin account")
    await refused(admin.job("disableAccount", id=admin.account.uuid, lock=True), 431, "default admin account")
    await refused(admin.call("deleteUser", id=admin.user.uuid), 431, "default")
    await refused(admin.job("disableUser", id=admin.user.uuid), 431, "default admin user")


async def test_an_account_with_things_left_stays_and_the_job_says_what_is_left(api: Api) -> None:
    joe = await api.user("joe")
    await _allocate_address(api, joe.account)
    await refused(api.admin.job("deleteAccount", id=joe.account.uuid), 536, "still owns 1 of ip_address")
    left = (await api.admin.call("listAccounts", id=joe.account.uuid))["account"][0]
    assert left["state"] == "disabled"


async def test_keys_groups_and_user_data_go_with_their_account(api: Api) -> None:
    joe = await api.user("joe")
    await joe.call("createSSHKeyPair", name="key")
    await joe.call("registerUserData", name="data", userdata="aGVsbG8=")
    await joe.call("createInstanceGroup", name="group")
    await joe.job("createAffinityGroup", name="apart", type="host anti-affinity")
    assert (await api.admin.job("deleteAccount", id=joe.account.uuid))["success"] is True
    for command in ("listSSHKeyPairs", "listUserData", "listInstanceGroups", "listAffinityGroups"):
        assert await api.admin.call(command, listall=True) == {}


async def _allocate_address(api: Api, account: AccountRow) -> None:
    row = IpAddressRow(
        id=api.cloud.id("ip_address"),
        uuid=api.cloud.uuid(),
        address="192.0.2.7",
        zone_id=1,
        range_id=1,
        physical_network_id=1,
        account_id=account.id,
        domain_id=account.domain_id,
        network_id=None,
        vm_id=None,
        is_source_nat=False,
        is_static_nat=False,
        is_system=False,
        state="Allocated",
        allocated_ms=api.cloud.now_ms(),
    )
    await api.cloud.store.submit(TxnSpec("test.address").put(INSERT, row))
