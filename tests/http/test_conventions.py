"""The conventions of the wire, one by one, as clients depend on them."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest
from tests.api import Api
from tests.refusal import refused

from lakh.contract.client import Client


def body(raw: bytes) -> dict[str, dict[str, object]]:
    return msgspec.json.decode(raw, type=dict[str, dict[str, object]])


async def test_xml_is_the_default_and_json_is_asked_for_in_any_case(api: Api) -> None:
    client = api.client()
    bare = await client.get("command=listZones")
    assert bare.header("content-type") == "text/xml; charset=UTF-8"
    root = ElementTree.fromstring(bare.body)
    assert (root.findtext("errorcode"), root.get("cloud-stack-version")) == ("401", None)
    for word in ("JSON", "json"):
        answer = await client.get(f"command=listZones&response={word}")
        assert answer.header("content-type") == "application/json; charset=UTF-8"
    assert (await client.get("command=x&response=yaml")).body.startswith(b"<?xml")


async def test_an_authenticated_xml_answer_names_the_version(api: Api) -> None:
    answer = await api.admin.get(command="listDomains", response="xml")
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, root.get("cloud-stack-version")) == ("listdomainsresponse", "4.23.0.0")
    assert [domain.findtext("name") for domain in root.findall("domain")] == ["ROOT"]
    assert root.findtext("count") == "1"


async def test_headers_of_every_answer(api: Api) -> None:
    answer = await api.admin.get(command="listDomains")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-xss-protection") is not None
    assert answer.header("content-security-policy") is not None
    assert answer.header("x-description") is None
    failed = await api.admin.get(command="listDomains", page=1)
    assert failed.header("x-description") == '"pagesize" parameter is required when "page" is specified'


async def test_post_and_get_parameters_merge_and_the_query_wins(api: Api) -> None:
    admin = api.admin.client
    await api.domain("sales")
    query = admin.query("listDomains", {"name": "sales"})
    posted = await admin.post(query)
    assert body(posted.body)["listdomainsresponse"]["count"] == 1
    head = f"POST /client/api?{query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    data = "name=ROOT&command=nonsense"
    mixed = await admin.send(f"{head}Content-Length: {len(data)}\r\n\r\n{data}".encode())
    assert body(mixed.body)["listdomainsresponse"]["count"] == 1


async def test_other_methods_and_paths(api: Api) -> None:
    client = api.client()
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        fresh = api.client()
        raw = f"{method} /client/api?command=listZones HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await fresh.send(raw.encode())
        assert (answer.status, answer.header("allow")) == (405, "GET, POST"), method
    below = await client.send(b"GET /client/api/?command=x&response=json HTTP/1.1\r\nHost: x\r\n\r\n")
    assert below.status == 401
    assert (await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status == 404
    assert (await client.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).body == b"ok\n"
    assert (await client.send(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")).status == 200
    await api.admin.call("listDomains")
    metrics = (await client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")).body.decode()
    assert 'lakh_api_request_seconds_count{command="listDomains"} 1.0' in metrics
    assert 'lakh_api_errors_total{command="unknown",status="401"} 1.0' in metrics


async def test_unknown_parameters_are_ignored_and_names_have_no_case(api: Api) -> None:
    await api.domain("sales")
    assert (await api.admin.call("listDomains", listall=True, timestamp=1, _=2, NaMe="sales"))["count"] == 1


async def test_commands_are_matched_with_case(api: Api) -> None:
    await refused(api.admin.call("listdomains"), 401, "unable to verify")


async def test_paging(api: Api) -> None:
    for i in range(5):
        await api.domain(f"d{i}")
    admin = api.admin

    async def names(**window: int) -> list[str]:
        answer = await admin.call("listDomainChildren", **window)
        assert answer["count"] == 5
        return [domain["name"] for domain in answer.get("domain", [])]

    assert await names() == ["d0", "d1", "d2", "d3", "d4"]
    assert await names(page=1, pagesize=2) == ["d0", "d1"]
    assert await names(page=3, pagesize=2) == ["d4"]
    assert await names(page=0, pagesize=2) == ["d0", "d1"]
    assert await names(pagesize=-1) == ["d0", "d1", "d2", "d3", "d4"]
    beyond = await admin.get(command="listDomainChildren", page=9, pagesize=2)
    assert beyond.body == b'{"listdomainchildrenresponse":{"count":5}}'
    empty = await admin.get(command="listDomainChildren", name="nobody")
    assert empty.body == b'{"listdomainchildrenresponse":{}}'
    await refused(admin.call("listDomainChildren", page=1, pagesize=501), 431, "Page size can't exceed max allowed")
    await refused(admin.call("listDomainChildren", pagesize=2), 431, '"page" parameter is required')
    await refused(admin.call("listDomainChildren", page=2), 431, '"pagesize" parameter is required')


async def test_a_command_the_role_lacks_is_432_in_the_error_envelope(api: Api) -> None:
    joe = await api.user("joe")
    answer = await joe.get(command="createDomain", name="x")
    assert answer.status == 432
    assert body(answer.body) == {
        "errorresponse": {
            "uuidList": [],
            "errorcode": 432,
            "cserrorcode": 9999,
            "errortext": "The API [createDomain] does not exist or is not available for the account joe.",
        }
    }


async def test_an_unknown_command_is_401_signed_and_432_from_the_integration_port(api: Api) -> None:
    signed = await api.admin.get(command="makeCoffee")
    assert (signed.status, list(body(signed.body))) == (401, ["errorresponse"])
    port = await api.edge.start_integration(0)
    trusted = Client("127.0.0.1", port, path="/any/path")
    api.clients.append(trusted)
    answer = await trusted.get("command=makeCoffee&response=json")
    assert (answer.status, body(answer.body)["errorresponse"]["errortext"]) == (432, "Unknown API command: makeCoffee")


async def test_the_integration_port_is_the_system_account_and_reads_the_request_line_only(api: Api) -> None:
    port = await api.edge.start_integration(0)
    trusted = Client("127.0.0.1", port, path="/")
    api.clients.append(trusted)
    made = await trusted.call("createDomain", name="sales")
    assert made["domain"]["path"] == "ROOT/sales"
    posted = await trusted.post("command=listDomains&response=json")
    assert posted.status == 432  # the body is not read: no command


async def test_what_is_removed_lists_empty_and_what_never_was_is_431(api: Api) -> None:
    joe = await api.user("joe")
    await api.admin.call("deleteUser", id=joe.user.uuid)
    assert await api.admin.call("listUsers", id=joe.user.uuid) == {}
    assert await api.admin.call("listUsers", id=str(joe.user.id)) == {}  # an internal number, as before 3.0
    for unknown in ("0190abcd-0000-7000-8000-00000000beef", "999999", "nonsense", "9" * 30):
        await refused(
            api.admin.call("listUsers", id=unknown),
            431,
            f"Invalid parameter id value={unknown} due to incorrect long value format, or entity does not exist",
        )


async def test_list_apis_shows_what_the_caller_may_run(api: Api) -> None:
    joe = await api.user("joe")
    answer = await api.admin.get(command="listApis")
    assert b"\n" not in answer.body
    every = body(answer.body)["listapisresponse"]
    apis: list[dict[str, object]] = every["api"]  # type: ignore[assignment]
    assert every["count"] == len(apis)
    for entry in apis:
        assert isinstance(entry["name"], str)
        assert isinstance(entry["description"], str)
        assert isinstance(entry["isasync"], bool)
        assert isinstance(entry["response"], list)
        for parameter in entry["params"]:  # type: ignore[attr-defined]
            assert {"name", "description", "type", "required"} <= parameter.keys()
            assert isinstance(parameter["required"], bool)
    ours = {entry["name"] for entry in (await joe.call("listApis"))["api"]}
    assert "listUsers" in ours
    assert ours < {entry["name"] for entry in apis}
    assert "createDomain" not in ours

    one = (await joe.call("listApis", name="listUserKeys"))["api"]
    assert "listall" not in {parameter["name"] for parameter in one[0]["params"]}
    root = (await api.admin.call("listApis", name="listUserKeys"))["api"]
    assert "listall" in {parameter["name"] for parameter in root[0]["params"]}
    await refused(api.admin.call("listApis", name="makeCoffee"), 530, "makeCoffee")


async def test_a_changed_rule_changes_what_a_role_may_run_at_once(api: Api) -> None:
    joe = await api.user("joe")
    roles = {role["name"]: role["id"] for role in (await api.admin.call("listRoles"))["role"]}
    own = (await api.admin.call("createRole", name="narrow", roleid=roles["User"]))["role"]
    rules = (await api.admin.call("listRolePermissions", roleid=own["id"]))["rolepermission"]
    rule = next(entry for entry in rules if entry["rule"] == "listUsers")
    await api.admin.call("updateAccount", id=joe.account.uuid, roleid=own["id"])
    assert (await joe.call("listUsers"))["count"] == 1
    await api.admin.call("updateRolePermission", ruleid=rule["id"], roleid=own["id"], permission="deny")
    await refused(joe.call("listUsers"), 432, "listUsers")
    assert "listUsers" not in {entry["name"] for entry in (await joe.call("listApis"))["api"]}


@pytest.mark.parametrize(("expires", "status"), [(600, 200), (-5, 401)])
async def test_version_3_requests_expire(api: Api, expires: int, status: int) -> None:
    client = api.client(api.admin.api_key, api.admin.secret_key, expires=True)
    query = client.query("listDomains", {})
    api.clock.forward(600 - expires)
    assert (await client.get(query)).status == status


async def test_the_strict_setting_demands_post_and_a_near_expiry(api: Api) -> None:
    unlimited = api.admin.client
    expiring = api.client(api.admin.api_key, api.admin.secret_key, expires=True)
    change = expiring.query("createDomain", {"name": "sales"})
    await unlimited.call("updateConfiguration", name="enforce.post.requests.and.timestamps", value="true")
    await refused(unlimited.call("listDomains"), 401, "unable to verify")
    assert (await expiring.call("listDomains"))["count"] == 1
    assert (await expiring.get(change)).status == 400
    assert (await expiring.post(change)).status == 200
    late = expiring.query("listDomains", {})
    api.clock.forward(-600)  # seen from here, it expires in twenty minutes
    assert (await expiring.get(late)).status == 401
