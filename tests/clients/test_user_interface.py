"""The official user interface: the calls of its recorded sessions, in their order, with the browser's cookies.

A 401 on any of them logs the user out, and a wrong shape of some breaks the log-in (api-conventions, section 13).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.clients.live import Browser, Live

TRACE = Path(__file__).parents[2].parent / "shared" / "reference" / "ui-trace.json"
ADMIN = {"username": "admin", "password": "password", "domain": "/"}
USER = {"username": "demo", "password": "demo-password", "domain": "/"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "listUsers": {"id": "", "listall": "true"},
    "listTemplates": {"templatefilter": "self", "listall": "true"},
    "listHosts": {"type": "routing", "listall": "true", "page": 1, "pageSize": 1},
    "listVirtualMachines": {"listall": "true", "details": "min", "page": 1, "pageSize": 1, "projectid": ""},
    "listCapacity": {"fetchlatest": "false"},
    "listAlerts": {"page": 1, "pageSize": 8},
    "listEvents": {"listall": "true", "page": 1, "pageSize": 8},
    "listZones": {"showicon": "true"},
}
"""What the pages add, beyond `listall`; an empty text is filled in or sent as it is."""


@pytest.fixture(scope="module")
def trace() -> dict[str, Any]:
    if not TRACE.exists():
        if os.environ.get("CI"):
            pytest.fail("the reference file ui-trace.json is missing")
        pytest.skip("the user interface's recorded sessions: the reference is not here")
    loaded: dict[str, Any] = json.loads(TRACE.read_text(encoding="utf-8"))
    return loaded


class Page:
    """Replays one recorded session."""

    def __init__(self, live: Live, credentials: dict[str, str]) -> None:
        self.browser = Browser(live.port)
        self.credentials = credentials
        self.user_id = self.server_id = ""
        self.answers: dict[str, dict[str, Any]] = {}

    def replay(self, calls: list[list[str]]) -> None:
        for method, command in calls:
            given = dict(PARAMETERS.get(command, {"listall": "true"} if method == "GET" else {}))
            if command == "login":
                given = dict(self.credentials)
            elif command == "listUsers":
                given["id"] = self.user_id
            elif command == "readyForShutdown":
                given["managementserverid"] = self.server_id
            send = self.browser.get if method == "GET" else self.browser.post
            answer = send(command, **given)
            if command == "login":
                self.user_id, self.server_id = answer["userid"], answer.get("managementserverid", "")
            self.answers[command] = answer

    def failures(self) -> list[tuple[str, int]]:
        return [(command, status) for command, status in self.browser.statuses if status != 200]


def test_before_anybody_logs_in(live: Live, trace: dict[str, Any]) -> None:
    page = Page(live, ADMIN)
    page.replay(trace["prelogin"])
    assert page.failures() == []
    assert page.answers["forgotPassword"] == {"enabled": False}


@pytest.mark.parametrize("scene", ["login_admin", "login_admin_no_zone"])
def test_an_admin_logs_in_and_reloads(live: Live, trace: dict[str, Any], scene: str) -> None:
    page = Page(live, ADMIN)
    page.replay(trace["prelogin"] + trace[scene])
    assert page.failures() == [("logout", 431)], "nobody was logged in yet; the interface ignores that"
    _check_shapes(page, "Admin")
    page.replay(trace["reload_admin"])
    assert page.failures() == [("logout", 431)]
    assert page.answers["listZones"]["count"] == len(live.built.zones)
    assert page.answers["listHosts"]["count"] == sum(entry["count"] for entry in live.built.fleet_map())


def test_a_user_logs_in(live: Live, trace: dict[str, Any]) -> None:
    page = Page(live, USER)
    page.replay(trace["login_user"])
    refused = ("listNetworkServiceProviders", 432)  # the interface calls it whatever the role, and lives without
    assert page.failures() == [("logout", 431), refused]
    _check_shapes(page, "User")
    page.replay([["POST", "logout"]])
    assert page.browser.statuses[-1] == ("logout", 200)
    page.replay([["GET", "listZones"]])
    assert page.browser.statuses[-1] == ("listZones", 401)


def test_what_a_role_may_not_call_is_no_401(live: Live) -> None:
    page = Page(live, USER)
    page.replay([["POST", "login"], ["GET", "listHosts"], ["GET", "noSuchCommand"], ["GET", "listZones"]])
    assert page.browser.statuses == [("login", 200), ("listHosts", 432), ("noSuchCommand", 432), ("listZones", 200)]


def test_the_menu_pages_of_an_admin_are_no_401(live: Live, trace: dict[str, Any]) -> None:
    page = Page(live, ADMIN)
    page.replay([["POST", "login"]])
    known = {api["name"] for api in page.browser.get("listApis")["api"]}
    commands = sorted({command for commands in trace["pages"].values() for command in commands})
    for command in commands:
        page.browser.get(command, **({"listall": "true", "page": 1, "pageSize": 20} | PARAMETERS.get(command, {})))
    statuses = dict(page.browser.statuses)
    assert 401 not in statuses.values()
    assert {command for command in commands if statuses[command] == 432} == set(commands) - known


def _check_shapes(page: Page, role: str) -> None:
    answers = page.answers
    login = answers["login"]
    for name in ("type", "registered", "is2faenabled", "is2faverified", "timezoneoffset", "sessionkey", "userid"):
        assert isinstance(login[name], str), name
    assert isinstance(login["timeout"], int)
    assert answers["listZones"]["zone"]
    assert {api["name"] for api in answers["listApis"]["api"]} >= {"listZones", "listVirtualMachines", "listUsers"}
    (user,) = answers["listUsers"]["user"]
    assert user["roletype"] == role
    for name in ("accountid", "domainid", "rolename", "firstname", "lastname"):
        assert isinstance(user[name], str), name
    capability = answers["listCapabilities"]["capability"]
    assert capability["defaultuipagesize"] == 20
    assert isinstance(capability["cloudstackversion"], str)
    assert isinstance(capability["supportELB"], str)
    assert isinstance(capability["securitygroupsenabled"], bool)
    assert answers["listLdapConfigurations"] == {}
    assert answers["cloudianIsEnabled"] == {"cloudianisenabled": {"enabled": False}}
    if "readyForShutdown" in answers:
        assert answers["readyForShutdown"]["readyforshutdown"]["readyforshutdown"] is False
