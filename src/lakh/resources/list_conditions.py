"""What a list's conditions, which are SQL, mean over columns in memory.

A condition is understood where it compares a column with a value or with a set; where it looks into another table by
`IN (SELECT …)`, that look is made by itself, and what it finds is the set. All others are for the engine alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from lakh.store.matching import Test

_EQUAL = re.compile(r"(\w+) = \$")
_EQUAL_IN_ANY_CASE = re.compile(r"LOWER\((\w+)\) = (?:LOWER\(\$\)|\$)")
_ANY = re.compile(r"(\w+) = ANY\(\$\)")
_OTHER = re.compile(r"(\w+) <> (?:(\$|-?\d+)|'(\w+)')")
_BOUND = re.compile(r"(\w+) (>=|<=) \$")
_NOT = re.compile(r"NOT (\w+)")
_ELEMENT = re.compile(r"',' \|\| (\w+) \|\| ',' LIKE \$ ESCAPE '\\'")
_IN = re.compile(r"(\w+) IN \(((?:'\w+'(?:, )?)+)\)")
_NOT_IN = re.compile(r"(\w+) NOT IN \(((?:'\w+'(?:, )?)+)\)")
_LITERAL = re.compile(r"(\w+) = '(\w+)'")
_NEVER = re.compile(r"FALSE|1 = 0")
_BRACKETED = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_LOOK = re.compile(r"(\w+) IN \((SELECT .*)\)", re.DOTALL)


class Both(NamedTuple):
    """Two values of one filter: they stand for `$a` and `$b` in its condition."""

    a: Any
    b: Any


class Part(NamedTuple):
    """A condition that counts, with its values. `label` is its filter."""

    label: str
    condition: str
    arguments: tuple[Any, ...]


class Look(NamedTuple):
    """A look into another table: rows fit whose `column` is among what `select` finds."""

    column: str
    select: str


class Meaning(NamedTuple):
    """One comparison. `kind` is what to make of the value: see `test_of`."""

    kind: str
    column: str
    literals: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def meaning(condition: str) -> tuple[Meaning | Look, ...] | None:
    """What a condition comes to, all of which must hold; None where it is for the engine alone."""
    found: list[Meaning | Look] = []
    for part in conjuncts(condition):
        one = _one(part)
        if one is None:
            return None
        found.append(one)
    return tuple(found)


def conjuncts(condition: str) -> list[str]:
    """The parts of a condition that AND joins outside all brackets."""
    parts, depth, start = [], 0, 0
    for found in re.finditer(r"[()]| AND ", condition):
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
        elif depth == 0:
            parts.append(condition[start : found.start()])
            start = found.end()
    parts.append(condition[start:])
    if len(parts) == 1 and _BRACKETED.fullmatch(condition) and " OR " not in condition:
        return conjuncts(condition[1:-1])
    return parts


def _one(part: str) -> Meaning | Look | None:
    for kind, pattern in (("equal", _EQUAL), ("any", _ANY), ("any case", _EQUAL_IN_ANY_CASE), ("not", _NOT)):
        if found := pattern.fullmatch(part):
            return Meaning(kind, found[1])
    if found := _OTHER.fullmatch(part):
        return Meaning("other", found[1], () if found[2] == "$" else (found[2] or found[3],))
    if found := _BOUND.fullmatch(part):
        return Meaning("least" if found[2] == ">=" else "most", found[1])
    if found := _ELEMENT.fullmatch(part):
        return Meaning("element", found[1])
    if found := _IN.fullmatch(part):
        return Meaning("literal", found[1], tuple(re.findall(r"'(\w+)'", found[2])))
    if found := _NOT_IN.fullmatch(part):
        return Meaning("none of", found[1], tuple(re.findall(r"'(\w+)'", found[2])))
    if found := _LITERAL.fullmatch(part):
        return Meaning("literal", found[1], (found[2],))
    if _NEVER.fullmatch(part):
        return Meaning("never", "")
    if found := _LOOK.fullmatch(part):
        return Look(found[1], found[2])
    return None


def test_of(made: Meaning, value: Any) -> Test:
    """The test of a comparison with the filter's value."""
    match made.kind:
        case "any":
            return Test(made.column, tuple(value))
        case "any case":
            return Test(made.column, (value,), ignoring_case=True)
        case "not":
            return Test(made.column, (False,))
        case "other":
            return Test(made.column, made.literals or (value,), negated=True)
        case "element":
            return Test(made.column, element=re.sub(r"\\(.)", r"\1", value[2:-2]))
        case "least":
            return Test(made.column, at_least=value)
        case "most":
            return Test(made.column, at_most=value)
        case "none of":
            return Test(made.column, made.literals, negated=True)
        case "literal":
            return Test(made.column, made.literals)
        case _:
            return Test(made.column, (value,))


def numbered(part: Part, last: int) -> str:
    """The part's condition with the numbers of its arguments, of which `last` is the last."""
    if len(part.arguments) == 2:
        return part.condition.replace("$a", f"${last - 1}").replace("$b", f"${last}")
    return part.condition.replace("$", f"${last}")
