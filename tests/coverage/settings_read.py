"""Which settings the server reads, and where: found in its code. The others are kept and shown, no more.

`python -m tests.coverage.settings_read` (`make surface`) writes docs/settings.md, and the list by which
listConfigurations tells an operator the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lakh.catalogue.settings import ACTED_ON, group_of, settings
from lakh.resources.limit.known import _SETTINGS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "lakh"
DOCUMENT = ROOT / "docs" / "settings.md"
_PARTS = ("gateway", "healing", "http", "jobs", "placement", "resources", "server")
"""Where the server reads its settings: an agent, a fleet or a tool of ours has no say in what they mean."""
_READERS = frozenset({"flag", "integer", "number", "text"})
_LIMITS = "resources/limit/known.py"

HEAD = """\
# Settings

Made from the code (`make surface`); do not edit. Every setting of a CloudStack installation can be listed, changed and
reset. Those of the table change what this server does, most at once, whatever `isdynamic` says. The others are kept and
shown, so that clients and scripts find what they look for, and do nothing: `listConfigurations` says so in their
`description`.
"""


def readers() -> dict[str, list[str]]:
    """The settings that are read, with the files that read them, relative to the package; both sorted."""
    found: dict[str, set[str]] = {}
    for part in _PARTS:
        for file in sorted((SOURCE / part).rglob("*.py")):
            where = file.relative_to(SOURCE).as_posix()
            for name in _named(ast.parse(file.read_text(encoding="utf-8"))):
                found.setdefault(name, set()).add(where)
    for name in settings():
        kind, _, limited = name.removeprefix("max.").partition(".")
        if name.startswith("max.") and kind in ("account", "domain", "project") and limited in _SETTINGS:
            found.setdefault(name, set()).add(_LIMITS)
    return {name: sorted(where) for name, where in sorted(found.items())}


def read_settings() -> list[str]:
    """Their names, sorted."""
    return list(readers())


def _named(tree: ast.Module) -> Iterator[str]:
    """A name with a dot is nothing else; one without must be asked for as a setting, and so must a made up one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            if node.value in settings():
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READERS:
            asked = node.args[0] if node.args else None
            if isinstance(asked, ast.Constant) and asked.value in settings():
                yield str(asked.value)
            elif isinstance(asked, ast.JoinedStr):
                yield from _made_up(asked)


def _made_up(asked: ast.JoinedStr) -> Iterator[str]:
    """The settings that `f"cluster.{kind}.allocated"` may be; limits are counted by hand."""
    pattern = "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"[\w.]*" for v in asked.values)
    for name in settings():
        if not name.startswith("max.") and re.fullmatch(pattern, name):
            yield name


def document() -> str:
    """The text of docs/settings.md."""
    read = readers()
    rest: dict[str, list[str]] = {}
    for name, setting in settings().items():
        if name not in read:
            rest.setdefault(f"{group_of(setting.subgroup)}: {setting.subgroup}", []).append(name)
    lines = [
        f"## Acted on: {len(read)} of {len(settings())}",
        "",
        "| setting | scopes | read in |",
        "| :--- | :--- | :--- |",
    ]
    lines += [f"| {name} | {', '.join(settings()[name].scopes)} | {' '.join(files)} |" for name, files in read.items()]
    lines += ["", "## Kept and shown only", "", "| group | settings |", "| :--- | :--- |"]
    lines += [f"| {group} | {' '.join(names)} |" for group, names in sorted(rest.items())]
    return HEAD + "\n" + "\n".join(lines) + "\n"


def main() -> None:
    ACTED_ON.write_text("".join(f"{name}\n" for name in readers()), encoding="utf-8")
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
