"""csbench's benchmark: Go's own way of signing, `listall=true` on every command, pages until `count` is reached."""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from tests.clients.live import Live

LISTS = {
    "listVirtualMachines": "virtualmachine",
    "listVolumes": "volume",
    "listTemplates": "template",
    "listHosts": "host",
    "listServiceOfferings": "serviceoffering",
    "listDiskOfferings": "diskoffering",
    "listPublicIpAddresses": "publicipaddress",
    "listNetworks": "network",
    "listVPCs": "vpc",
    "listDomains": "domain",
    "listDomainChildren": "domain",
    "listAccounts": "account",
    "listSnapshots": "snapshot",
    "listVMSnapshot": "vmSnapshot",
    "listUsers": "user",
    "listZones": "zone",
}
ADMINS_ONLY = {"listDomainChildren", "listDomains", "listHosts"}
PAGE_SIZE = 3


def _call(live: Live, keys: tuple[str, str], command: str, **given: Any) -> tuple[int, dict[str, Any]]:
    """One request signed as Go signs it: the query in form encoding, keys in order, all in lower case."""
    pairs = {"apiKey": keys[0], "command": command, "response": "json", "listall": "true", **given}
    query = urlencode(sorted(pairs.items()))
    digest = hmac.new(keys[1].encode(), query.lower().encode(), "sha1").digest()
    signed = f"{query}&{urlencode({'signature': base64.b64encode(digest).decode()})}"
    response = requests.get(f"{live.url}?{signed}", timeout=60)
    (content,) = response.json().values()
    return response.status_code, content


def _needs(command: str) -> dict[str, str]:
    return {"templatefilter": "all"} if command == "listTemplates" else {}


@pytest.mark.parametrize("command", LISTS)
def test_an_admin_pages_through_everything(live: Live, command: str) -> None:
    status, whole = _call(live, live.admin_keys, command, **_needs(command))
    assert status == 200, whole
    found = []
    page = 1
    while len(found) < whole.get("count", 0):
        status, content = _call(live, live.admin_keys, command, page=page, pagesize=PAGE_SIZE, **_needs(command))
        assert (status, content["count"]) == (200, whole["count"])
        found += content[LISTS[command]]
        page += 1
    assert [one["id"] for one in found] == [one["id"] for one in whole.get(LISTS[command], [])]


@pytest.mark.parametrize("command", sorted(LISTS.keys() - ADMINS_ONLY))
def test_a_user_sees_what_it_may(live: Live, command: str) -> None:
    given = {"templatefilter": "executable"} if command == "listTemplates" else {}
    status, content = _call(live, live.user_keys, command, **given)
    assert status == 200, content
    if command in ("listVirtualMachines", "listVolumes", "listAccounts", "listUsers"):
        owners = {one.get("account", one["name"] if command == "listAccounts" else None) for one in _all(content)}
        assert owners <= {"demo"}


def _all(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for value in content.values() if isinstance(value, list) for one in value]


def test_names_with_signs_that_go_encodes_its_own_way(live: Live) -> None:
    for name in ("a b*c", "tilde~x", "[1]+&="):
        status, content = _call(live, live.user_keys, "listVirtualMachines", name=name)
        assert (status, content) == (200, {}), name


@pytest.mark.parametrize("command", sorted(ADMINS_ONLY))
def test_a_user_is_refused_with_432(live: Live, command: str) -> None:
    assert _call(live, live.user_keys, command)[0] == 432
