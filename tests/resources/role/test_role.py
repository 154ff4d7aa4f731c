from __future__ import annotations

import pytest
from tests.api import Api

from lakh.contract.client import ClientError
from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.store.statement import statement

EVENTS = statement("test.events", "SELECT state, description FROM event WHERE type = $1 ORDER BY id")


async def role_id(api: Api, name: str) -> str:
    found = await api.admin.call("listRoles", name=name)
    return str(found["role"][0]["id"])


async def test_a_fresh_cloud_has_eight_default_roles(api: Api) -> None:
    found = await api.admin.call("listRoles")
    assert found["count"] == 8
    assert found["role"][0]["name"] == "Root Admin"
    assert {role["isdefault"] for role in found["role"]} == {True}
    assert {role["state"] for role in found["role"]} == {"enabled"}
    by_type = await api.admin.call("listRoles", type="user")
    assert [role["type"] for role in by_type["role"]] == ["User"] * 3
    by_keyword = await api.admin.call("listRoles", keyword="SUPPORT", page=2, pagesize=1)
    assert (by_keyword["count"], by_keyword["role"][0]["name"]) == (2, "Support User - Default")
    assert await api.admin.call("listRoles", state="disabled") == {}


async def test_rules_come_in_the_order_they_are_tried(api: Api) -> None:
    read_only = await role_id(api, "Read-Only Admin - Default")
    found = await api.admin.call("listRolePermissions", roleid=read_only)
    rules = [(rule["rule"], rule["permission"]) for rule in found["rolepermission"]]
    assert rules[:3] == [("list*", "allow"), ("getUploadParamsFor*", "deny"), ("get*", "allow")]
    assert rules[-1] == ("*", "deny")
    assert found["rolepermission"][0]["roleid"] == read_only


async def test_a_copied_role_is_cut_down_renamed_and_deleted(api: Api) -> None:
    user = await role_id(api, "User")
    made = (await api.admin.call("createRole", name="guest", roleid=user, description="looks only"))["role"]
    assert (made["type"], made["isdefault"], made["ispublic"]) == ("User", False, True)
    rules = (await api.admin.call("listRolePermissions", roleid=made["id"]))["rolepermission"]
    assert len(rules) == len((await api.admin.call("listRolePermissions", roleid=user))["rolepermission"]) == 252
    deploy = next(rule for rule in rules if rule["rule"] == "deployVirtualMachine")
    await api.admin.call("updateRolePermission", roleid=made["id"], ruleid=deploy["id"], permission="deny")
    await api.admin.call("deleteRolePermission", id=rules[0]["id"])
    left = (await api.admin.call("listRolePermissions", roleid=made["id"]))["rolepermission"]
    assert len(left) == 251
    assert next(rule for rule in left if rule["id"] == deploy["id"])["permission"] == "deny"

    renamed = (await api.admin.call("updateRole", id=made["id"], name="visitor", type="DomainAdmin"))["role"]
    assert (renamed["name"], renamed["type"], renamed["description"]) == ("visitor", "DomainAdmin", "looks only")
    assert await api.admin.call("deleteRole", id=made["id"]) == {"success": True}
    assert await api.admin.call("listRoles", name="visitor") == {}
    assert await api.admin.call("listRolePermissions", roleid=made["id"]) == {}
    with pytest.raises(ClientError, match="the role does not exist any more"):
        await api.admin.call("deleteRole", id=made["id"])


async def test_rules_are_put_in_another_order(api: Api) -> None:
    role = (await api.admin.call("createRole", name="reader", type="User"))["role"]["id"]
    rules = [
        (await api.admin.call("createRolePermission", roleid=role, rule=rule, permission=permission))["rolepermission"]
        for rule, permission in (("*", "deny"), ("list*", "allow"), ("listHosts", "deny"))
    ]
    order = [rules[2]["id"], rules[1]["id"], rules[0]["id"]]
    await api.admin.call("updateRolePermission", roleid=role, ruleorder=",".join(order))
    found = (await api.admin.call("listRolePermissions", roleid=role))["rolepermission"]
    assert [rule["id"] for rule in found] == order
    with pytest.raises(ClientError, match="name each of the 3 rules of the role once"):
        await api.admin.call("updateRolePermission", roleid=role, ruleorder=",".join(order[:2]))
    with pytest.raises(ClientError, match="has a rule listHosts already"):
        await api.admin.call("createRolePermission", roleid=role, rule="listHosts", permission="allow")
    with pytest.raises(ClientError, match="give allow or deny"):
        await api.admin.call("createRolePermission", roleid=role, rule="listPods", permission="perhaps")
    with pytest.raises(ClientError, match="Invalid parameter rule list Pods"):
        await api.admin.call("createRolePermission", roleid=role, rule="list Pods", permission="allow")


async def test_default_roles_and_roles_in_use_do_not_change(api: Api) -> None:
    user = await role_id(api, "User")
    for command, parameters in (
        ("deleteRole", {"id": user}),
        ("updateRole", {"id": user, "name": "Someone"}),
        ("createRolePermission", {"roleid": user, "rule": "addHost", "permission": "allow"}),
    ):
        with pytest.raises(ClientError, match="is a default role and cannot be changed") as refused:
            await api.admin.call(command, **parameters)
        assert refused.value.errorcode == 531
    with pytest.raises(ClientError, match="a role called User exists") as taken:
        await api.admin.call("createRole", name="User", type="User")
    assert taken.value.errorcode == 431
    with pytest.raises(ClientError, match="either type or roleid"):
        await api.admin.call("createRole", name="both", type="User", roleid=user)
    with pytest.raises(ClientError, match="give one of Admin, ResourceAdmin, DomainAdmin, User"):
        await api.admin.call("createRole", name="odd", type="Unknown")


async def test_a_role_decides_what_its_accounts_may_call(api: Api) -> None:
    joe = await api.user("joe")
    assert (await joe.call("listOsCategories"))["count"] == 11
    with pytest.raises(ClientError) as refused:
        await joe.call("listRoles")
    assert refused.value.errorcode == 432


async def test_a_domain_admin_sees_the_roles_it_may_hand_out(api: Api) -> None:
    domain = await api.domain("sales")
    boss = await api.user("boss", domain, DOMAIN_ADMIN)
    names = {role["name"] for role in (await boss.call("listRoles"))["role"]}
    assert "User" in names
    assert "Domain Admin" in names
    assert "Root Admin" not in names
    await api.admin.call("createRole", name="secret", type="User", ispublic="false")
    assert await boss.call("listRoles", name="secret") == {}


async def test_changes_of_roles_are_events(api: Api) -> None:
    await api.admin.call("createRole", name="watched", type="User")
    rows = await api.cloud.store.read(EVENTS, "ROLE.CREATE")
    assert [(state, "watched" in text) for state, text in rows] == [("Completed", True)]
