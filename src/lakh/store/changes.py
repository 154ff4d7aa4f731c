"""Which rows a committed statement changed, by its text and its arguments."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from lakh.store.statement import Statement, Step

_WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_ONE = re.compile(r"\s+(\w+)\s*=\s*\$(\d+)")
_LIST = re.compile(r"\bANY\s*\(\s*\$(\d+)[^()]*\)", re.IGNORECASE)
_MANY = re.compile(r"\s+(\w+)\s*=\s*ANY\$(\d+)")
_INNER = re.compile(r"\([^()]*\)")
_REPLACES = re.compile(r"\bON CONFLICT\s*\(([^()]*)\)\s*DO UPDATE\b", re.IGNORECASE)


class Changed(NamedTuple):
    """Where a statement's arguments name the rows it changes: as the argument at `place`, one id or a list of them, or
    as those whose `column` has that value."""

    place: int
    many: bool = False
    column: str = ""


@lru_cache(maxsize=1024)
def changed_by(made: Statement, key: str = "id") -> Changed | None:
    """How the statement names its rows, whose ids are in `key`; None where it does not."""
    if made.insert_columns:
        if (replaces := _REPLACES.search(made.text)) and key not in [c.strip() for c in replaces[1].split(",")]:
            return None  # the row that was there keeps its own id
        return Changed(made.insert_columns.index(key)) if key in made.insert_columns else None
    text, inner = _LIST.sub(r"ANY$\1", made.text), 1
    while inner:  # what stands in brackets has conditions of its own
        text, inner = _INNER.subn("", text)
    where = _WHERE.search(text)
    rest = text[where.end() :] if where else ""
    if found := _ONE.match(rest):
        return Changed(int(found[2]) - 1, column="" if found[1] == key else found[1])
    if (found := _MANY.match(rest)) and found[1] == key:
        return Changed(int(found[2]) - 1, many=True)
    return None


def dropped(known: MutableMapping[int, Any], steps: Sequence[Step]) -> None:
    """Takes the rows of committed steps out of what is remembered by id; all of it where a step does not name them."""
    for step in steps:
        how = changed_by(step.statement)
        if how is None or how.column:
            known.clear()
            return
        value = step.arguments[how.place]
        for row_id in value if how.many else (value,):
            known.pop(row_id, None)
