"""Envelopes in JSON and XML, byte for byte."""

from __future__ import annotations

import msgspec

from lakh.base.errors import LoginError, ParameterError
from lakh.contract.declaration import Declaration
from lakh.contract.encoding import error_answer, job_answer, job_result, list_answer, object_answer, success, to_xml
from lakh.contract.view import Success, View


class ThingView(View):
    OBJECT = "thing"

    id: str | None = None
    name: str | None = None
    ready: bool | None = None
    nic: list[dict[str, str]] | None = None


class ListEncodedThings(Declaration, internal=True, envelope="list", answer=ThingView):
    """A list."""


class CreateEncodedThing(Declaration, internal=True, envelope="job+id", answer=ThingView, response="madeupresponse"):
    """A job."""


LIST, JOB = ListEncodedThings.SPEC, CreateEncodedThing.SPEC


def test_lists() -> None:
    thing = ThingView(id="1", ready=False)
    assert list_answer(LIST, 2, [thing]) == (
        b'{"listencodedthingsresponse":{"count":2,"thing":[{"id":"1","ready":false}]}}'
    )
    assert list_answer(LIST, 0, []) == b'{"listencodedthingsresponse":{}}'
    assert list_answer(LIST, 7, []) == b'{"listencodedthingsresponse":{"count":7}}'
    assert list_answer(LIST, 1, [msgspec.Raw(b'{"a":1}')]) == (
        b'{"listencodedthingsresponse":{"count":1,"thing":[{"a":1}]}}'
    )


def test_objects_success_and_jobs() -> None:
    assert object_answer(JOB, ThingView(name="<ü>")) == '{"madeupresponse":{"thing":{"name":"<ü>"}}}'.encode()
    assert success() == b'{"success":true}'
    assert success(Success(displaytext="done")) == b'{"success":true,"displaytext":"done"}'
    assert job_answer(JOB, "j", "i") == b'{"madeupresponse":{"id":"i","jobid":"j"}}'
    assert job_answer(JOB, "j", None) == b'{"madeupresponse":{"jobid":"j"}}'
    assert job_result(JOB, ThingView(id="1")) == b'{"thing":{"id":"1"}}'
    assert job_result(JOB, Success(displaytext="done")) == b'{"success":true,"details":"done"}'


def test_errors() -> None:
    assert error_answer("xresponse", ParameterError("no")) == (
        b'{"xresponse":{"uuidList":[],"errorcode":431,"cserrorcode":4350,"errortext":"no"}}'
    )
    assert error_answer("xresponse", LoginError("no")) == (
        b'{"xresponse":{"uuidList":[],"errorcode":531,"errortext":"no"}}'
    )
    named = error_answer("xresponse", ParameterError("no", uuids=(("u", "zoneId"),)))
    assert b'"uuidList":[{"uuid":"u","description":"zoneId"}]' in named


def test_xml_is_the_same_answer() -> None:
    things = [ThingView(id="1", name="a<b&\x0b", nic=[{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]), ThingView(ready=True)]
    assert to_xml(list_answer(LIST, 2, things), with_version=True).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><listencodedthingsresponse cloud-stack-version="4.23.0.0">'
        "<count>2</count><thing><id>1</id><name>a&lt;b&amp;</name>"
        "<nic><ip>10.0.0.1</ip></nic><nic><ip>10.0.0.2</ip></nic></thing>"
        "<thing><ready>true</ready></thing></listencodedthingsresponse>"
    )
    failed = error_answer("errorresponse", ParameterError("no", uuids=(("u", "zoneId"),)))
    assert to_xml(failed, with_version=False).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><errorresponse><uuidList><uuid>u</uuid>'
        "<uuidProperty>zoneId</uuidProperty></uuidList><errorcode>431</errorcode><cserrorcode>4350</cserrorcode>"
        "<errortext>no</errortext></errorresponse>"
    )
