"""What one process tells others of its commits: which rows changed, in as few bytes as that takes.

A step travels as its statement's name and the argument that names its rows (`store/changes.py`). Where others keep sums
or sets of a table (`Listeners.wanted`) more of its arguments travel, so that they add what was added here instead of
reading it again. Steps of one statement travel together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from lakh.store.changes import changed_by
from lakh.store.statement import STATEMENTS, Statement, Step
from lakh.store.store import WHOLE
from lakh.store.table import TABLES


class Told(msgspec.Struct, array_like=True):
    """Steps of one statement on one table: of each the arguments at `places`. No places: nobody can say which rows."""

    table: str
    statement: str
    places: list[int]
    arguments: list[list[Any]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Told]).decode


def encoded(steps: Sequence[Step], wanted: Mapping[str, frozenset[str]]) -> bytes:
    """The steps of a commit for others; `wanted` names columns by table that they want besides."""
    told: dict[str, Told] = {}
    for step in steps:
        made = step.statement
        entry = told.get(made.name)
        if entry is None:
            places = _places(made, wanted.get(made.changes, frozenset()), len(step.arguments))
            entry = told[made.name] = Told(made.changes, made.name, places, [])
        entry.arguments.append([step.arguments[place] for place in entry.places])
    return _encode(list(told.values()))


def _places(made: Statement, wanted: frozenset[str], count: int) -> list[int]:
    keys = TABLES[made.changes].primary_key if made.changes in TABLES else ()
    how = changed_by(made, keys[0] if len(keys) == 1 else "id")
    if not wanted or (not made.insert_columns and WHOLE not in wanted):
        return [] if how is None else [how.place]
    if made.insert_columns and WHOLE not in wanted:
        return [place for place, name in enumerate(made.insert_columns) if name in keys or name in wanted]
    return list(range(count))


def decoded(body: bytes) -> list[Step]:
    """The steps that another process told of. Raises msgspec.DecodeError or ValidationError for what is none."""
    return [step for told in _decode(body) for step in _steps(told)]


def _steps(told: Told) -> Iterable[Step]:
    made = STATEMENTS.get(told.statement)
    if made is None or not told.places:
        yield Step(Statement(told.statement, "", told.table), (), None)
        return
    size = told.places[-1] + 1
    for arguments in told.arguments:
        whole = [None] * size
        for place, argument in zip(told.places, arguments, strict=True):
            whole[place] = argument
        yield Step(made, tuple(whole), None)
