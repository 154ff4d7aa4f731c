"""The golden surface: the file in git is what the declarations say, and they are what the reference says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import lakh.http.commands
from lakh.contract import surface
from lakh.contract.declaration import COMMANDS, CommandSpec, Param
from lakh.contract.types import Kind
from lakh.contract.view import Success, fields_of

lakh.http.commands.load()
OURS = sorted(name for name, spec in COMMANDS.items() if spec.declaration.__module__.startswith("lakh."))

DEVIATIONS = {
    # Answers at once with the keys: the asynchronous form of 4.23 leaves clients of 4.22 with empty keys and no error.
    "registerUserKeys": {"envelope"},
    # Says {"enabled": false}, which keeps the user interface's log-in page quiet (api-conventions, section 3).
    "forgotPassword": {"envelope", "fields"},
    # Tells what waits for the store and which statements take its time: the reference has no command that would.
    "listDbMetrics": {"more fields"},
}
NO_ROLE_CHECK = {"login", "logout"}
"""They run before anybody is known."""

FIELD_TYPES = {
    "long": {"integer", "long", "short", "int"},
    "double": {"float", "double"},
    "boolean": {"boolean"},
    "list": {"list", "set"},
    "map": {"map", "responseobject", "object"},
    "object": {"object", "responseobject"},
}
"""Our word for a field's JSON type → the reference's (Java) words for it; every other one is a JSON string."""


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    path = Path(__file__).parents[2].parent / "shared" / "reference" / "api.json"
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail("the reference file api.json is missing")
        pytest.skip("comparison with api.json: the reference is not here")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_the_file_in_git_is_up_to_date() -> None:
    assert surface.PATH.read_text(encoding="utf-8") == surface.text(), "run `make surface` and commit surface.json"


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_what_the_reference_says(reference: dict[str, Any], name: str) -> None:
    assert name in reference, f"CloudStack has no command {name}"
    assert list(mismatches(COMMANDS[name], reference[name])) == []


def mismatches(spec: CommandSpec, fact: dict[str, Any]) -> list[str]:
    """What a declaration says otherwise than the reference; parameters and fields not declared are no mismatch."""
    found = []

    def compare(what: str, ours: object, theirs: object) -> None:
        if ours != theirs and what not in DEVIATIONS.get(spec.name, ()):
            found.append(f"{what}: {ours!r}, the reference says {theirs!r}")

    compare("response name", spec.response_name, fact["responsename"])
    compare("envelope", spec.envelope, fact["envelope"])
    if spec.envelope != "flat":
        compare("object name", spec.object_name or None, fact["responseobject"])
    if spec.name not in NO_ROLE_CHECK:
        compare("roles", sorted(spec.roles), sorted(fact["defroles"]))
    if spec.is_async:  # queryAsyncJobResult shows it
        compare("java class", spec.java_class, fact["class"])
    for parameter, declared in spec.params.items():
        if parameter not in fact["params"]:
            found.append(f"parameter {parameter} is not in the reference")
        else:
            found += _parameter_mismatches(declared, fact["params"][parameter])
    if spec.view is not Success and spec.envelope != "success" and "fields" not in DEVIATIONS.get(spec.name, ()):
        found += _field_mismatches(spec, fact)
    return found


def _parameter_mismatches(declared: Param, fact: dict[str, Any]) -> list[str]:
    pairs = [
        ("type", declared.kind.value, fact["type"]),
        ("required", declared.required, fact["required"]),
        ("since", declared.since, fact.get("since", "")),
        ("longest", declared.max_length, fact.get("maxlen", 255)),
        ("roles", sorted(declared.roles), sorted(fact.get("roles", ["Admin"] if fact.get("adminview") else []))),
        ("validations", sorted(declared.validations), sorted(fact.get("validations", []))),
    ]
    if declared.kind is Kind.LIST:
        pairs.append(("of", declared.of.value if declared.of else None, fact.get("of")))
    return [f"parameter {declared.name}, {w}: {a!r}, the reference says {b!r}" for w, a, b in pairs if a != b]


def _same_type(ours: str, theirs: str) -> bool:
    """A view may name the reference's own word; otherwise the kind of JSON value decides."""
    if ours == theirs:
        return True
    if ours in FIELD_TYPES:
        return theirs in FIELD_TYPES[ours]
    return theirs not in set().union(*FIELD_TYPES.values())


def _field_mismatches(spec: CommandSpec, fact: dict[str, Any]) -> list[str]:
    found = []
    for field in fields_of(spec.view):
        wanted = fact["response"].get(field.name)
        if wanted is None:
            if "more fields" in DEVIATIONS.get(spec.name, ()):
                continue
            found.append(f"field {field.name} is not in the reference")
            continue
        if not _same_type(field.type, wanted["type"]):
            found.append(f"field {field.name}: {field.type}, the reference says {wanted['type']}")
        if sorted(field.roles) != sorted(wanted.get("roles", [])):
            found.append(f"field {field.name}, roles: {field.roles}, the reference says {wanted.get('roles', [])}")
    return found
