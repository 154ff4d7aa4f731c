"""The whole public API as one JSON document, `surface.json`: what CLI, lab, dashboard and documents read
instead of the code, and what shows in review when a command changes.

`python -m lakh.contract.surface` (`make surface`) writes it from the declarations. A test holds that it is up to date,
another that every declared command is what the reference says of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh.contract.declaration import COMMANDS, CommandSpec, Param
from lakh.contract.encoding import VERSION
from lakh.contract.types import Kind
from lakh.contract.view import Success, View, fields_of

PATH: Final = Path(__file__).with_name("surface.json")


def surface() -> dict[str, Any]:
    """Every declared command of the product and every view they answer, in order of name."""
    specs = [spec for spec in COMMANDS.values() if spec.declaration.__module__.startswith("lakh.")]
    views: dict[str, Any] = {}
    for spec in specs:
        _add_view(views, spec.view)
    return {
        "version": VERSION,
        "commands": {spec.name: _command(spec) for spec in sorted(specs, key=lambda spec: spec.name)},
        "views": {name: views[name] for name in sorted(views)},
    }


def text() -> str:
    """The document as it stands in the file: one line per parameter and field, so that a change is readable."""
    encoded = msgspec.json.encode(surface())
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def load() -> dict[str, Any]:
    """The packaged document."""
    loaded: dict[str, Any] = msgspec.json.decode(PATH.read_bytes())
    return loaded


def _command(spec: CommandSpec) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": spec.doc,
        "async": spec.is_async,
        "envelope": spec.envelope,
        "roles": list(spec.roles),
        "response": spec.response_name,
        "object": spec.object_name,
        "view": "" if spec.view is Success else spec.view.__name__,
        "params": {name: _param(declared) for name, declared in sorted(spec.params.items())},
    }
    for word, value in (("since", spec.since), ("event", spec.event), ("public", spec.public)):
        if value:
            described[word] = value
    return described


def _param(declared: Param) -> dict[str, Any]:
    described: dict[str, Any] = {"type": declared.kind.value, "description": declared.doc}
    if declared.of is not None:
        described["of"] = declared.of.value
    if declared.kind is Kind.MAP:
        described["pairs"] = declared.pairs
    for word in ("required", "since", "entity", "secret"):
        if value := getattr(declared, word):
            described[word] = value
    if declared.max_length != 255:
        described["length"] = declared.max_length
    for word in ("roles", "validations"):
        if values := getattr(declared, word):
            described[word] = list(values)
    return described


def _add_view(views: dict[str, Any], view: type[View]) -> None:
    if view is Success or view.__name__ in views:
        return
    fields = views[view.__name__] = {}
    for field in fields_of(view):
        described: dict[str, Any] = {"type": field.type}
        if field.of:
            described["of"] = field.of
        if field.roles:
            described["roles"] = list(field.roles)
        fields[field.name] = described
    for nested in _nested(view):
        _add_view(views, nested)


def _nested(view: type[View]) -> list[type[View]]:
    wanted = {field.of for field in fields_of(view) if field.of}
    found: list[type[View]] = []
    pending = list(View.__subclasses__())
    for known in pending:
        pending.extend(known.__subclasses__())
        if known.__name__ in wanted:
            found.append(known)
    return found


def main() -> int:
    """Writes the file; returns the exit code."""
    import_module("lakh.http.commands").load()
    PATH.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{len(surface()['commands'])} commands written to {PATH.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
