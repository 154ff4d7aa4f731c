"""Log in, call, log out: cookies, session keys, time-outs, lock-outs."""

from __future__ import annotations

from tests.api import PASSWORD, Api
from tests.http.browser import CREDENTIALS, Browser, content

from lakh.http.sessions import IDLE_SECONDS


async def test_a_session_from_login_to_logout(api: Api) -> None:
    joe = await api.user("joe")
    browser = Browser(api.client())
    answer = await browser.login()
    assert answer.status == 200
    found = content(answer)
    assert len(str(found.pop("sessionkey"))) == 27
    assert found == {
        "username": "joe",
        "userid": joe.user.uuid,
        "domainid": (await api.admin.call("listDomains"))["domain"][0]["id"],
        "timeout": 1800,
        "account": "joe",
        "firstname": "Joe",
        "lastname": "Tester",
        "type": "0",
        "timezone": "UTC",
        "timezoneoffset": "0.0",
        "registered": "false",
        "is2faenabled": "false",
        "is2faverified": "true",
    }
    cookies = [value.decode() for name, value in answer.headers if name.lower() == b"set-cookie"]
    assert cookies[0].startswith("JSESSIONID=")
    assert cookies[0].endswith(";Path=/client")
    assert cookies[1] == f"sessionkey={browser.key};HttpOnly;SameSite=Lax"

    users = content(await browser.get("command=listUsers"))
    assert users["count"] == 1
    assert content(await browser.post("command=logout&response=json")) == {"description": "success"}
    assert (await browser.get("command=listUsers")).status == 401
    again = await browser.post("command=logout&response=json")
    assert again.status == 431
    assert content(again)["errortext"] == "Session not found for the logout process."


async def test_the_key_must_be_in_cookie_and_parameter(api: Api) -> None:
    await api.user("joe")
    for wrong in ("", "guess"):
        browser = Browser(api.client())
        await browser.login()
        assert (await browser.get("command=listUsers", key=wrong)).status == 401
        assert (await browser.get("command=listUsers")).status == 401  # the session ended with the wrong key
    browser = Browser(api.client())
    await browser.login()
    del browser.cookies["sessionkey"]
    assert (await browser.get("command=listUsers")).status == 401


async def test_login_is_post_only_and_case_does_not_matter(api: Api) -> None:
    await api.user("joe")
    client = api.client()
    assert (await client.get(CREDENTIALS)).status == 405
    assert (await client.post(CREDENTIALS.replace("login", "LogIn"))).status == 200
    missing = await client.post("command=login&response=json&username=joe")
    assert missing.status == 431
    assert "missing parameter password" in str(content(missing)["errortext"])


async def test_bad_credentials_are_531_whoever_is_meant(api: Api) -> None:
    await api.user("joe")
    for body in (
        "username=joe&password=wrong",
        "username=nobody&password=wrong",
        "username=system&password=wrong",
        f"username=joe&password={PASSWORD}&domain=/nowhere",
    ):
        answer = await api.client().post(f"command=login&response=json&{body}")
        assert answer.status == 531
        failure = content(answer)
        assert failure.keys() == {"uuidList", "errorcode", "errortext"}
        assert str(failure["errortext"]).startswith("Failed to authenticate user")


async def test_the_domain_is_a_path_or_an_id(api: Api) -> None:
    sales = await api.domain("sales")
    north = await api.domain("north", sales)
    jona = await api.user("jona", north)
    base = f"command=login&response=json&username=jona&password={PASSWORD.replace(' ', '+')}"
    for domain in ("domain=sales/north", "domain=/sales/north/", f"domainId={north.uuid}", f"domainid={north.id}"):
        answer = await api.client().post(f"{base}&{domain}")
        assert content(answer)["userid"] == jona.user.uuid, domain
    assert (await api.client().post(f"{base}&domain=sales")).status == 531
    assert (await api.client().post(f"{base}&domain=/sales/north&domainId={sales.uuid}")).status == 531


async def test_an_idle_session_ends_and_a_used_one_does_not(api: Api) -> None:
    await api.user("joe")
    browser = Browser(api.client())
    await browser.login()
    for _ in range(3):
        api.clock.forward(IDLE_SECONDS - 60)
        assert (await browser.get("command=listUsers")).status == 200
    api.clock.forward(IDLE_SECONDS + 1)
    assert (await browser.get("command=listUsers")).status == 401
    await browser.login()
    assert len(api.edge.sessions) == 1


async def test_five_failures_disable_the_user_and_a_success_forgets_them(api: Api) -> None:
    joe = await api.user("joe")
    wrong = "command=login&response=json&username=joe&password=wrong"
    for _ in range(4):
        await api.client().post(wrong)
    assert (await Browser(api.client()).login()).status == 200
    for _ in range(5):
        assert (await api.client().post(wrong)).status == 531
    assert (await Browser(api.client()).login()).status == 531
    assert (await api.admin.call("listUsers", id=joe.user.uuid))["user"][0]["state"] == "disabled"
    await api.admin.call("enableUser", id=joe.user.uuid)
    assert (await Browser(api.client()).login()).status == 200


async def test_nobody_locks_out_a_root_admin(api: Api) -> None:
    boss = await api.user("boss", kind=1)
    for _ in range(6):
        assert (await api.client().post("command=login&response=json&username=boss&password=wrong")).status == 531
    assert (await api.admin.call("listUsers", id=boss.user.uuid))["user"][0]["state"] == "enabled"


async def test_a_session_of_a_disabled_or_deleted_user_ends(api: Api) -> None:
    joe = await api.user("joe")
    browser = Browser(api.client())
    await browser.login()
    await api.admin.job("disableUser", id=joe.user.uuid)
    assert (await browser.get("command=listUsers")).status == 401
    await api.admin.call("enableUser", id=joe.user.uuid)
    await browser.login()
    await api.admin.call("deleteUser", id=joe.user.uuid)
    assert (await browser.get("command=listUsers")).status == 401
    assert len(api.edge.sessions) == 0


async def test_logging_in_again_ends_the_session_before(api: Api) -> None:
    await api.user("joe")
    browser = Browser(api.client())
    await browser.login()
    await browser.login()
    assert len(api.edge.sessions) == 1
