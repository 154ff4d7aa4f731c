"""Answers on the wire: JSON envelopes on one line, XML written from the very same JSON (api-conventions, section 5).

An outer object has exactly one key, the response name. Null fields are left out by the views; `count` stands before
the array of a list; an empty list is `{}`, and a page past the end has its count and no array.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec

from lakh.base.errors import ApiError
from lakh.contract.declaration import CommandSpec
from lakh.contract.view import Success, View

VERSION: Final = "4.23.0.0"
"""The CloudStack release whose API this is; XML answers and listCapabilities name it."""

JSON_TYPE: Final = b"application/json; charset=UTF-8"
XML_TYPE: Final = b"text/xml; charset=UTF-8"
ERROR_RESPONSE: Final = "errorresponse"
"""The envelope of errors about no particular command, of unknown commands and of 432."""

_encoder = msgspec.json.Encoder()
_encode = _encoder.encode


@lru_cache(maxsize=2048)
def _key(name: str) -> bytes:
    return _encode(name)


def envelope(response_name: str, content: bytes) -> bytes:
    """`{"<response name>": <content>}`; `content` is JSON."""
    return b"{%b:%b}" % (_key(response_name), content)


def list_answer(spec: CommandSpec, count: int, views: Sequence[View | msgspec.Raw]) -> bytes:
    """The answer of a list: `count` is the total before paging."""
    if not count:
        return envelope(spec.response_name, b"{}")
    if not views:
        return envelope(spec.response_name, b'{"count":%d}' % count)
    return envelope(spec.response_name, b'{"count":%d,%b:%b}' % (count, _key(spec.object_name), _encode(views)))


def object_answer(spec: CommandSpec, view: View) -> bytes:
    """One object under its name; success and flat answers stand directly under the response name."""
    if isinstance(view, Success):
        return envelope(spec.response_name, success(view))
    if spec.envelope == "flat":
        return envelope(spec.response_name, _encode(view))
    return envelope(spec.response_name, b"{%b:%b}" % (_key(spec.object_name), _encode(view)))


def success(view: Success | None = None, text_key: str = "displaytext") -> bytes:
    """`{"success":true}`; a text stands under `displaytext`, in a job result under `details`."""
    done = view is None or view.success
    content: dict[str, Any] = {"success": done}
    if view is not None and view.displaytext is not None:
        content[text_key] = view.displaytext
    return _encode(content)


def job_answer(spec: CommandSpec, job_uuid: str, created_uuid: str | None) -> bytes:
    """The answer of an asynchronous command; `created_uuid` is the new object's of a create command."""
    if created_uuid is None:
        return envelope(spec.response_name, b'{"jobid":%b}' % _encode(job_uuid))
    return envelope(spec.response_name, b'{"id":%b,"jobid":%b}' % (_encode(created_uuid), _encode(job_uuid)))


def error_answer(response_name: str, error: ApiError) -> bytes:
    """The body of an error. `uuidList` is always there; `cserrorcode` where the error's class has one."""
    content: dict[str, Any] = {
        "uuidList": [{"uuid": uuid, "description": text} for uuid, text in error.uuids],
        "errorcode": error.errorcode,
    }
    if error.cserrorcode is not None:
        content["cserrorcode"] = error.cserrorcode
    content["errortext"] = error.text
    return envelope(response_name, _encode(content))


def job_result(spec: CommandSpec, view: View | None) -> bytes:
    """The JSON of `jobresult`: the object under its name, or success with its text under `details`."""
    if view is None or isinstance(view, Success):
        return success(view, "details")
    return b"{%b:%b}" % (_key(spec.object_name), _encode(view))


# --- XML -------------------------------------------------------------------------------------------------------------
def to_xml(body: bytes, *, with_version: bool) -> bytes:
    """A JSON answer as XML. `with_version` names the release in the root element (authenticated callers only)."""
    ((root, content),) = msgspec.json.decode(body).items()
    parts = ['<?xml version="1.0" encoding="UTF-8"?><', root]
    if with_version:
        parts.append(f' cloud-stack-version="{VERSION}"')
    parts.append(">")
    _write_fields(parts, content)
    parts.append(f"</{root}>")
    return "".join(parts).encode()


def _write_fields(parts: list[str], fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name == "uuidList":
            parts.append("<uuidList>")
            for entry in value:
                _write(parts, "uuid", entry["uuid"])
                _write(parts, "uuidProperty", entry["description"])
            parts.append("</uuidList>")
        elif isinstance(value, list):
            for entry in value:
                _write(parts, name, entry)
        else:
            _write(parts, name, value)


def _write(parts: list[str], name: str, value: Any) -> None:
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        _write_fields(parts, value)
    elif isinstance(value, list):
        for entry in value:
            _write(parts, name, entry)
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif value is not None:
        parts.append(_text(str(value)))
    parts.append(f"</{name}>")


_FORBIDDEN = {code: None for code in range(32) if code not in (9, 10, 13)}


def _text(text: str) -> str:
    """Escaped, without the characters that XML 1.0 cannot hold at all."""
    return escape(text.translate(_FORBIDDEN))
