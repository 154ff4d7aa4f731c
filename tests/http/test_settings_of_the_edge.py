"""Settings whose meaning is at the API's edge: where keys are shown, what answers are called, who may call."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.api import Api, Tenant
from tests.http.browser import CREDENTIALS, Browser, content

from lakh.contract.client import Answer, Client
from lakh.http.edge import Edge
from lakh.http.origin import LOOPBACK


async def configure(api: Api, name: str, value: str, **scope: str) -> None:
    await api.admin.call("updateConfiguration", name=name, value=value, **scope)


@pytest.mark.parametrize(
    ("locations", "cookie_only", "parameter_only", "wrong_parameter"),
    [
        ("CookieAndParameter", 401, 401, 401),
        ("ParameterOnly", 401, 200, 401),
        ("CookieOrParameter", 200, 200, 401),
    ],
)
async def test_where_the_session_key_must_be_shown(
    api: Api, locations: str, cookie_only: int, parameter_only: int, wrong_parameter: int
) -> None:
    await api.user("joe")
    await configure(api, "api.sessionkey.check.locations", locations)

    async def logged_in() -> Browser:
        browser = Browser(api.client())
        await browser.login()
        return browser

    assert (await (await logged_in()).get("command=listUsers")).status == 200
    assert (await (await logged_in()).get("command=listUsers", show_key=False)).status == cookie_only
    assert (await (await logged_in()).get("command=listUsers", key="guess")).status == wrong_parameter
    forgetful = await logged_in()
    del forgetful.cookies["sessionkey"]
    assert (await forgetful.get("command=listUsers")).status == parameter_only
    neither = await logged_in()
    del neither.cookies["sessionkey"]
    assert (await neither.get("command=listUsers", show_key=False)).status == 401


@pytest.mark.parametrize(
    ("value", "attributes"),
    [
        ("Lax", ";HttpOnly;SameSite=Lax"),
        ("Strict", ";HttpOnly;SameSite=Strict"),
        ("NoneAndSecure", ";HttpOnly;SameSite=None;Secure"),
        ("Null", ";HttpOnly"),
    ],
)
async def test_which_sites_may_send_the_session_keys_cookie(api: Api, value: str, attributes: str) -> None:
    await api.user("joe")
    await configure(api, "api.sessionkey.cookie.samesite", value)
    browser = Browser(api.client())
    answer = await browser.login()
    cookies = [value.decode() for name, value in answer.headers if name.lower() == b"set-cookie"]
    assert cookies[1] == f"sessionkey={browser.key}{attributes}"


async def test_the_type_of_json_answers(api: Api) -> None:
    await configure(api, "json.content.type", "text/javascript; charset=UTF-8")
    answer = await api.admin.get(command="listDomains")
    assert answer.header("content-type") == "text/javascript; charset=UTF-8"
    assert answer.header("cache-control") == "no-store"
    refused = await api.admin.get(command="listDomains", page=1)
    assert (refused.status, refused.header("content-type")) == (431, "text/javascript; charset=UTF-8")
    await configure(api, "json.content.type", "text/plain\r\nSet-Cookie: evil=1")
    answer = await api.admin.get(command="listDomains")
    assert answer.header("content-type") == "text/plain Set-Cookie: evil=1"
    assert answer.header("set-cookie") is None
    await configure(api, "json.content.type", "")
    assert (await api.admin.get(command="listDomains")).header("content-type") == "application/json; charset=UTF-8"


async def test_xml_answers_may_keep_the_version_to_themselves(api: Api) -> None:
    await configure(api, "expose.cloudstack.version.api.xml.response", "false")
    root = ElementTree.fromstring((await api.admin.get(command="listDomains", response="xml")).body)
    assert (root.tag, root.get("cloud-stack-version")) == ("listdomainsresponse", None)


async def test_an_account_makes_so_many_calls_in_an_interval_and_a_root_admin_any_number(api: Api) -> None:
    joe, ann = await api.user("joe"), await api.user("ann")
    await configure(api, "api.throttling.interval", "10")
    await configure(api, "api.throttling.max", "3")
    await configure(api, "api.throttling.enabled", "true")
    assert await statuses(joe, 5) == [200, 200, 200, 429, 429]
    assert await statuses(ann, 3) == [200, 200, 200]
    assert await statuses(api.admin, 5) == [200] * 5
    refused = content(await joe.get(command="listUsers"))
    assert refused["errorcode"] == 429
    assert "joe has made its 3 API calls of 10 seconds; please retry after" in str(refused["errortext"])
    api.clock.forward(9)
    assert await statuses(joe, 1) == [429]
    api.clock.forward(1.1)
    assert await statuses(joe, 4) == [200, 200, 200, 429]
    await configure(api, "api.throttling.enabled", "false")
    assert await statuses(joe, 4) == [200] * 4


async def test_sessions_are_throttled_like_keys_and_few_accounts_are_remembered(api: Api) -> None:
    joe, ann = await api.user("joe"), await api.user("ann")
    for name, value in (("interval", "60"), ("max", "2"), ("cachesize", "1"), ("enabled", "true")):
        await configure(api, f"api.throttling.{name}", value)
    browser = Browser(api.client())
    await browser.login()
    assert [(await browser.get("command=listUsers")).status for _ in range(2)] == [200, 200]
    assert await statuses(joe, 1) == [429]
    assert await statuses(ann, 1) == [200]  # room for one account only: joe's window is forgotten
    assert await statuses(joe, 1) == [200]


async def test_an_account_calls_only_from_its_addresses(api: Api) -> None:
    joe, ann = await api.user("joe"), await api.user("ann")
    await configure(api, "api.allowed.source.cidr.list", "10.0.0.0/8, 192.168.7.1/32", accountid=joe.account.uuid)
    assert (await statuses(joe, 1), await statuses(ann, 1), await statuses(api.admin, 1)) == ([401], [200], [200])
    assert (await Browser(api.client()).login(CREDENTIALS)).status == 531
    await configure(api, "api.allowed.source.cidr.list", "10.0.0.0/8,127.0.0.0/8", accountid=joe.account.uuid)
    assert await statuses(joe, 1) == [200]
    await configure(api, "api.allowed.source.cidr.list", "10.0.0.0/8", accountid=joe.account.uuid)
    await configure(api, "api.source.cidr.checks.enabled", "false")
    assert await statuses(joe, 1) == [200]


async def test_a_proxys_header_is_believed_from_a_proxy_only(api: Api) -> None:
    joe = await api.user("joe")
    await configure(api, "api.allowed.source.cidr.list", "10.0.0.0/8", accountid=joe.account.uuid)
    assert (await forwarded(joe, "10.1.2.3")).status == 401, "anybody can write a header"
    await configure(api, "proxy.header.verify", "true")
    assert (await forwarded(joe, "10.1.2.3")).status == 401, "the connection does not come from a proxy"
    await configure(api, "proxy.cidr", "127.0.0.0/8")
    assert (await forwarded(joe, "10.1.2.3")).status == 200
    assert (await forwarded(joe, "10.1.2.3, 192.0.2.7")).status == 401, "the last that is no proxy counts"
    assert (await forwarded(joe, "192.0.2.7, 10.1.2.3, 127.0.0.9")).status == 200
    assert (await forwarded(joe, "unknown")).status == 401
    await configure(api, "proxy.header.names", "X-Real-IP")
    assert (await forwarded(joe, "10.1.2.3")).status == 401
    assert (await forwarded(joe, "10.1.2.3", "X-Real-IP")).status == 200


async def test_a_domain_may_be_kept_from_using_keys(api: Api) -> None:
    sales = await api.domain("sales")
    joe, ann = await api.user("joe"), await api.user("ann", sales)
    below = await api.user("sue", await api.domain("north", sales))
    await configure(api, "api.key.access", "false", domainid=sales.uuid)
    assert (await statuses(joe, 1), await statuses(ann, 1), await statuses(below, 1)) == ([200], [401], [200])
    browser = Browser(api.client())
    await browser.login(CREDENTIALS.replace("joe", "ann") + "&domain=sales")
    assert (await browser.get("command=listUsers")).status == 200
    await configure(api, "enable.domain.settings.for.child.domain", "true")
    assert await statuses(below, 1) == [401]


@pytest.mark.parametrize(
    ("allowed", "header", "status"),
    [
        (LOOPBACK, "", 200),
        (LOOPBACK, "X-Forwarded-For: 10.1.2.3\r\n", 403),
        (LOOPBACK, "Forwarded: for=10.1.2.3\r\n", 403),
        ("10.0.0.0/8", "", 403),
        ("10.0.0.0/8,127.0.0.1/32", "", 200),
    ],
)
async def test_who_may_read_the_metrics(api: Api, allowed: str, header: str, status: int) -> None:
    edge = Edge(api.cloud, metrics_from=allowed)
    port = await edge.start("127.0.0.1", 0)
    client = Client("127.0.0.1", port, "", "")
    try:
        answer = await client.send(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
        assert answer.status == status
        assert (b"lakh_api_request_seconds" in answer.body) == (status == 200)
    finally:
        await client.close()
        await edge.stop()


async def statuses(tenant: Tenant, calls: int) -> list[int]:
    return [(await tenant.get(command="listUsers")).status for _ in range(calls)]


async def forwarded(tenant: Tenant, address: str, header: str = "X-Forwarded-For") -> Answer:
    client = tenant.client
    return await client.get(client.query("listUsers", {}), f"{header}: {address}\r\n")
