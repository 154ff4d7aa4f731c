"""The reference's and our own account of the API side by side: tiers, commands, parameters, fields, nested types."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.coverage.observations import Shape

from lakh.contract import surface

FOLDER = Path(__file__).parents[2].parent / "shared" / "reference"
SUCCESS_FIELDS = frozenset({"success", "displaytext", "jobid", "jobstatus"})
_TIER = re.compile(r"^## Tier (\w+)")
_ROW = re.compile(r"^\| (\w+) \|")


class NoReferenceError(Exception):
    """The reference files are not here."""


@cache
def load(name: str) -> Any:
    """A JSON file of the reference. Raises NoReferenceError."""
    return json.loads(_text(name))


def _text(name: str) -> str:
    path = FOLDER / name
    if not path.exists():
        raise NoReferenceError(f"the reference file {name} is missing" + (" in CI" if os.environ.get("CI") else ""))
    return path.read_text(encoding="utf-8")


@cache
def tiers() -> dict[str, list[str]]:
    """Tier → its commands, in the reference's order of demand."""
    found: dict[str, list[str]] = {}
    tier = ""
    for line in _text("api-tiers.md").splitlines():
        if heading := _TIER.match(line):
            tier = heading[1]
        elif tier and (row := _ROW.match(line)) and row[1] in load("api.json"):
            found.setdefault(tier, []).append(row[1])
    wanted = {name for commands in found.values() for name in commands}
    found["3"] = sorted(load("api.json").keys() - wanted)  # there as running text: whatever nobody asks for
    return found


@dataclass(frozen=True, slots=True)
class Surface:
    """Our own declarations, read from surface.json."""

    parameters: Mapping[str, frozenset[str]]
    fields: Mapping[str, frozenset[str]]
    nested_fields: Mapping[str, frozenset[str]]


@cache
def ours() -> Surface:
    """Declared parameters and fields per command; `nested_fields` by the reference's name of the nested type."""
    document = surface.load()
    views, commands = document["views"], document["commands"]
    nested: dict[str, set[str]] = {}
    for name, command in commands.items():
        fact = load("api.json").get(name, {"response": {}})
        _collect(nested, views, views.get(command["view"], {}), fact["response"])
    return Surface(
        {name: frozenset(command["params"]) for name, command in commands.items()},
        {
            name: frozenset(views[command["view"]]) if command["view"] else SUCCESS_FIELDS
            for name, command in commands.items()
        },
        {name: frozenset(fields) for name, fields in nested.items()},
    )


def _collect(nested: dict[str, set[str]], views: Any, fields: Any, facts: Any, depth: int = 0) -> None:
    for name, declared in fields.items():
        kind = facts.get(name, {}).get("of")
        inner = views.get(declared.get("of"))
        if kind in load("api-types.json") and inner is not None and depth < 4:
            nested.setdefault(kind, set()).update(inner)
            _collect(nested, views, inner, load("api-types.json")[kind], depth + 1)


@cache
def shapes() -> dict[str, Shape]:
    """How to read each declared command's answers."""
    commands = surface.load()["commands"]
    return {
        name: Shape(
            None if command["envelope"] in ("flat", "success") else command["object"] or None,
            command["async"],
            nested_of(load("api.json").get(name, {"response": {}})["response"]),
        )
        for name, command in commands.items()
    }


@cache
def nested() -> dict[str, dict[str, str]]:
    """Nested type → its fields that are objects of another nested type."""
    return {name: nested_of(fields) for name, fields in load("api-types.json").items()}


def nested_of(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: fact["of"] for name, fact in fields.items() if fact.get("of") in load("api-types.json")}
