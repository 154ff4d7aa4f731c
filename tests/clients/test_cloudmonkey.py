"""What cloudmonkey, and the generators of Go and Marvin clients, demand of listApis (api-conventions, section 12)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import requests
from tests.clients.live import Browser, Live

from lakh.contract import surface


def _logged_in(live: Live, username: str, password: str) -> Browser:
    """As cloudmonkey does: the session key is taken from the cookie."""
    browser = Browser(live.port)
    browser.post("login", username=username, password=password, domain="/")
    browser.key = browser.session.cookies["sessionkey"]
    return browser


def _apis(browser: Browser, **parameters: Any) -> list[dict[str, Any]]:
    answer = browser.get("listApis", **parameters)
    assert answer["count"] == len(answer["api"])
    return list(answer["api"])


@pytest.mark.parametrize(("username", "password"), [("admin", "password"), ("demo", "demo-password")])
def test_sync_finds_nothing_to_panic_over(live: Live, username: str, password: str) -> None:
    apis = _apis(_logged_in(live, username, password))
    assert len(apis) > 50
    for api in apis:
        assert isinstance(api["name"], str)
        assert isinstance(api["description"], str)
        assert isinstance(api["isasync"], bool)
        assert isinstance(api["response"], list)
        for param in api["params"]:
            assert all(isinstance(param[name], str) for name in ("name", "description", "type")), api["name"]
            assert isinstance(param["required"], bool)


def test_the_answer_is_one_line(live: Live) -> None:
    browser = _logged_in(live, "admin", "password")
    given = {"command": "listApis", "response": "json", "sessionkey": browser.key}
    body = browser.session.get(browser.url, params=given).content
    assert b"\n" not in body.rstrip(b"\n")
    assert set(msgspec.json.decode(body)["listapisresponse"]) == {"count", "api"}


def test_a_role_sees_what_it_may_call(live: Live) -> None:
    admin = {api["name"]: api for api in _apis(_logged_in(live, "admin", "password"))}
    user = {api["name"]: api for api in _apis(_logged_in(live, "demo", "demo-password"))}
    declared = surface.load()["commands"]
    assert declared.keys() - admin.keys() <= {"login", "logout"}
    assert user.keys() < admin.keys()
    assert {"listHosts", "createZone", "updateConfiguration"}.isdisjoint(user)
    assert "hostid" in {param["name"] for param in admin["deployVirtualMachine"]["params"]}
    hidden = {n for n, p in declared["listVirtualMachines"]["params"].items() if p.get("roles") == ["Admin"]}
    assert hidden
    assert hidden.isdisjoint({param["name"] for param in user["listVirtualMachines"]["params"]})
    assert hidden <= {param["name"] for param in admin["listVirtualMachines"]["params"]}


def test_one_command_and_an_unknown_one(live: Live) -> None:
    browser = _logged_in(live, "demo", "demo-password")
    (zones,) = _apis(browser, name="listZones")
    assert (zones["name"], zones["isasync"]) == ("listZones", False)
    answer = browser.get("listApis", name="noSuchCommand")
    assert (answer["errorcode"], browser.statuses[-1]) == (530, ("listApis", 530))


def test_a_url_with_a_trailing_slash_or_more_is_the_same(live: Live) -> None:
    for path in ("", "/", "/v1"):
        response = requests.get(live.url + path, params={"command": "listGuiThemes", "response": "json"}, timeout=30)
        assert response.json() == {"listguithemesresponse": {}}
