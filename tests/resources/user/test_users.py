"""Users and their keys, told over HTTP."""

from __future__ import annotations

from tests.api import PASSWORD, Api
from tests.refusal import refused

PERSON = {"firstname": "Ann", "lastname": "Lee", "email": "ann@example.org", "password": "pass word"}


async def test_a_user_from_creation_to_deletion(api: Api) -> None:
    await api.user("team")
    made = (await api.admin.call("createUser", account="team", username="ann", timezone="Europe/Berlin", **PERSON))[
        "user"
    ]
    assert (made["username"], made["account"], made["state"], made["timezone"]) == (
        "ann",
        "team",
        "enabled",
        "Europe/Berlin",
    )
    assert await api.admin.call("listUsers", id=made["id"]) == {"count": 1, "user": [made]}
    changed = (await api.admin.call("updateUser", id=made["id"], username="anna", email="a@b.example"))["user"]
    assert (changed["username"], changed["email"], changed["firstname"]) == ("anna", "a@b.example", "Ann")
    assert await api.admin.call("deleteUser", id=made["id"]) == {"success": True}
    assert await api.admin.call("listUsers", id=made["id"]) == {}
    await refused(api.admin.call("updateUser", id=made["id"], firstname="x"), 431, "Unable to find user by id")


async def test_registered_keys_sign_and_deleted_ones_do_not(api: Api) -> None:
    joe = await api.user("joe")
    pair = (await api.admin.call("registerUserKeys", id=joe.user.uuid, name="laptop"))["userkeys"]
    assert (pair["name"], pair["username"], pair["state"]) == ("laptop", "joe", "ENABLED")
    assert len(pair["apikey"]) == len(pair["secretkey"]) == 86
    client = api.client(pair["apikey"], pair["secretkey"])
    assert (await client.call("listUsers"))["user"][0]["username"] == "joe"
    newest = (await api.admin.call("getUserKeys", id=joe.user.uuid))["userkeys"]
    assert newest == {"apikey": pair["apikey"], "secretkey": pair["secretkey"]}
    assert (await api.admin.call("getUser", userapikey=pair["apikey"]))["user"]["id"] == joe.user.uuid

    listed = await joe.call("listUserKeys", page=1, pagesize=1)
    assert (listed["count"], len(listed["userkeys"])) == (2, 1)
    assert (await joe.job("deleteUserKeys", keypairid=pair["id"]))["success"] is True
    await refused(client.call("listUsers"), 401, "unable to verify")
    assert (await joe.call("listUserKeys"))["count"] == 1


async def test_a_key_pair_works_between_its_dates_only(api: Api) -> None:
    joe = await api.user("joe")
    pair = (await api.admin.call("registerUserKeys", id=joe.user.uuid, startdate="2100-01-01", enddate="2100-01-02"))[
        "userkeys"
    ]
    assert (pair["startdate"], pair["enddate"]) == ("2100-01-01T00:00:00+0000", "2100-01-02T23:59:59+0000")
    client = api.client(pair["apikey"], pair["secretkey"])
    await refused(client.call("listUsers"), 401, "unable to verify")
    api.clock.forward(4_102_444_800 - api.clock.now_ms() / 1000 + 60)
    assert (await client.call("listUsers"))["count"] == 1
    api.clock.forward(2 * 86_400)
    await refused(client.call("listUsers"), 401, "unable to verify")
    await refused(api.admin.call("registerUserKeys", id=joe.user.uuid, enddate="2001-01-01"), 431, "enddate")


async def test_a_user_changes_its_password_only_with_the_current_one(api: Api) -> None:
    joe = await api.user("joe")
    change = {"id": joe.user.uuid, "password": "new pass"}
    await refused(joe.call("updateUser", **change), 431, "current password must be provided")
    await refused(joe.call("updateUser", **change, currentpassword="guess"), 431, "Current password is incorrect")
    await joe.call("updateUser", **change, currentpassword=PASSWORD)
    answer = await api.client().post("command=login&response=json&username=joe&password=new+pass")
    assert answer.status == 200


async def test_disabled_and_locked_users_can_not_call(api: Api) -> None:
    joe = await api.user("joe")
    done = await api.admin.job("disableUser", id=joe.user.uuid)
    assert done["user"]["state"] == "disabled"
    await refused(joe.call("listUsers"), 401, "unable to verify")
    assert (await api.admin.call("enableUser", id=joe.user.uuid))["user"]["state"] == "enabled"
    assert (await joe.call("listUsers"))["count"] == 1
    assert (await api.admin.call("lockUser", id=joe.user.uuid))["user"]["state"] == "locked"
    await refused(joe.call("listUsers"), 401, "unable to verify")
    assert (await api.admin.call("listUsers", state="Locked", listall=True))["count"] == 1


async def test_users_are_found_by_keyword_type_and_account(api: Api) -> None:
    sales = await api.domain("sales")
    await api.user("joe")
    await api.user("jona", sales)
    await api.user("boss", sales, kind=2)

    async def names(**filters: object) -> list[str]:
        answer = await api.admin.call("listUsers", **filters)
        assert answer.get("count", 0) == len(answer.get("user", []))
        return [user["username"] for user in answer.get("user", [])]

    assert await names() == ["admin"]
    assert await names(listall=True) == ["admin", "joe", "jona", "boss"]
    assert await names(listall=True, keyword="JO") == ["joe", "jona"]
    assert await names(listall=True, accounttype=2) == ["boss"]
    assert await names(domainid=sales.uuid) == ["jona", "boss"]
    assert await names(account="jona", domainid=sales.uuid) == ["jona"]
    await refused(api.admin.call("listUsers", account="nobody"), 431, "could not find account nobody")
    for account in ("nobody", None):
        await refused(
            api.admin.call("listUsers", account=account, domainid=-1), 431, "Unable to find a domain by domainid"
        )
    seen = (await api.admin.call("listUsers", domainid=sales.uuid))["user"][0]
    assert (seen["iscallerchilddomain"], seen["isdefault"]) == (True, False)
