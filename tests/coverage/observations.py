"""What the tests prove about the API, as a definition in code.

A *parameter* counts when one test gives a command two values of it and sees two outcomes that are its doing:

- *alone*: two calls by the same caller differ in this parameter only, and their outcomes differ; or
- *shown*: whatever else differs, one field of the answers shows each call's own value of it.

A *field* counts when one test saw it with two values in answers of one command; of a nested object, in any answers.

Absence is no value. An outcome is the answer, or the job's result, or the error code. What differs in every call by
itself is not part of it: dates, and in what is no list the uuids that the call made. Calls are judged in order and
nothing but first values is kept, so that a test of a thousand calls costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

NOT_PARAMETERS = frozenset(
    {"command", "response", "apikey", "signature", "signatureversion", "expires", "sessionkey", "_", "timestamp"}
)
NOT_FIELDS = frozenset({"count"})
READERS = ("list", "get", "query", "find")
MAYBE_CHANCE = 4
"""A shorter value may stand in another field by chance: there the field must be named as the parameter."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:?\d\d|Z)")

Proofs = dict[str, set[str]]


@dataclass(slots=True)
class Call:
    """One request and the JSON that came back. `content` is what stands under the response name."""

    command: str
    parameters: dict[str, str]
    caller: str
    status: int
    content: dict[str, Any]


def grouped(parameters: Mapping[str, str]) -> dict[str, str]:
    """Parameters by lower-case name; all pieces `name[i].key` of a map together are one value."""
    found: dict[str, list[str]] = {}
    for name, value in parameters.items():
        base, bracket, rest = name.partition("[")
        if base.lower() not in NOT_PARAMETERS:
            found.setdefault(base.lower(), []).append(f"[{rest}={value}" if bracket else value)
    return {name: "&".join(sorted(values)) for name, values in found.items()}


def outcome(call: Call, failed: bool) -> str:
    """What the call came to, as comparable text."""
    if failed:
        return f"error {call.content.get('errorcode', call.status)}"
    text = _DATE.sub("<date>", msgspec.json.encode(call.content, order="sorted").decode())
    if call.command.startswith(READERS):
        return text
    given = {name.lower() for value in grouped(call.parameters).values() for name in _UUID.findall(value)}
    return _UUID.sub(lambda match: match[0] if match[0].lower() in given else "<uuid>", text)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar of an answer as (path of keys, text as a parameter would give it)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def objects(content: dict[str, Any], name: str | None) -> list[dict[str, Any]]:
    """The answer's objects: what stands under `name`, or the content itself where there is no such envelope."""
    found = content.get(name) if name else None
    if isinstance(found, list):
        return [one for one in found if isinstance(one, dict)]
    if isinstance(found, dict):
        return [found]
    return [] if name and "count" in content else [content]


@dataclass(slots=True)
class Evidence:
    """What one test has shown so far. `shapes` tells per command the object's name; see `reference.py`."""

    shapes: Mapping[str, Shape]
    nested: Mapping[str, Mapping[str, str]]
    parameters: Proofs = field(default_factory=dict)
    fields: Proofs = field(default_factory=dict)
    nested_fields: Proofs = field(default_factory=dict)
    _alone: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    _shown: dict[tuple[str, ...], str] = field(default_factory=dict)
    _seen: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _jobs: dict[str, Call] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """One answered request; a job's outcome comes with the poll that finds it ended."""
        if call.command not in self.shapes:
            return
        if call.status == 200 and "jobid" in call.content and self.shapes[call.command].is_async:
            self._jobs[call.content["jobid"]] = call
            return
        self._judge(call, call.status != 200)
        if call.command == "queryAsyncJobResult" and call.content.get("jobstatus") in (1, 2):
            started = self._jobs.pop(call.content.get("jobid", ""), None)
            if started is not None:
                result = call.content.get("jobresult")
                ended = Call(started.command, started.parameters, started.caller, 200, _as_content(result))
                self._judge(ended, call.content["jobstatus"] == 2)

    def _judge(self, call: Call, failed: bool) -> None:
        values = grouped(call.parameters)
        came_to = outcome(call, failed)
        for name, value in values.items():
            others = msgspec.json.encode({n: v for n, v in values.items() if n != name}, order="sorted").decode()
            known = self._alone.setdefault((call.command, call.caller, name, others), {})
            if known.get(value, came_to) != came_to:
                known.clear()  # the world has changed meanwhile: what was seen before compares with nothing now
            if any(v != value and o != came_to for v, o in known.items()):
                self.parameters.setdefault(call.command, set()).add(name)
            known[value] = came_to
        if not failed:
            self._find_shown(call, values)
            self._find_fields(call)

    def _find_shown(self, call: Call, values: Mapping[str, str]) -> None:
        by_value: dict[str, list[str]] = {}
        for name, value in values.items():
            by_value.setdefault(value, []).append(name)
        for path, text in leaves(call.content):
            for name in by_value.get(text, ()):
                certain = len(text) >= MAYBE_CHANCE and text not in ("true", "false")
                if certain or path.rpartition(".")[2].lower() == name:
                    first = self._shown.setdefault((call.command, name, path), text)
                    if first != text:
                        self.parameters.setdefault(call.command, set()).add(name)

    def _find_fields(self, call: Call) -> None:
        shape = self.shapes[call.command]
        for found in objects(call.content, shape.object):
            self._see(self.fields, call.command, found, shape.nested)

    def _see(self, proofs: Proofs, owner: str, found: dict[str, Any], nested: Mapping[str, str]) -> None:
        for name, value in found.items():
            if name in NOT_FIELDS or value is None:
                continue
            text = msgspec.json.encode(value, order="sorted").decode()
            kind = "field" if proofs is self.fields else "nested"
            if self._seen.setdefault((kind, owner, name), text) != text:
                proofs.setdefault(owner, set()).add(name)
            inner = nested.get(name)
            if inner is not None:
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict):
                        self._see(self.nested_fields, inner, one, self.nested.get(inner, {}))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a command answers: the object's name, whether a job does, and its fields that are objects themselves."""

    object: str | None
    is_async: bool
    nested: Mapping[str, str]


def _as_content(result: Any) -> dict[str, Any]:
    return result if isinstance(result, dict) else {"text": result}


@dataclass(slots=True)
class Observations:
    """What all passed tests proved: per command parameters and fields, per nested type fields; and every call made."""

    parameters: Proofs = field(default_factory=dict)
    fields: Proofs = field(default_factory=dict)
    nested_fields: Proofs = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    def take(self, test: Evidence) -> None:
        for mine, its in self._pairs(test.parameters, test.fields, test.nested_fields):
            for owner, names in its.items():
                mine.setdefault(owner, set()).update(names)

    def merge(self, other: Observations) -> None:
        for mine, its in self._pairs(other.parameters, other.fields, other.nested_fields):
            for owner, names in its.items():
                mine.setdefault(owner, set()).update(names)
        for command, number in other.calls.items():
            self.calls[command] = self.calls.get(command, 0) + number

    def _pairs(self, *proofs: Proofs) -> Iterable[tuple[Proofs, Proofs]]:
        return zip((self.parameters, self.fields, self.nested_fields), proofs, strict=True)
