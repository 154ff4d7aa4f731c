"""What is asked of columns in memory, and what fits it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lakh.store.sentences import Way

Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

NOTHING: Final = -1
"""NULL in a column of ids, and of a text that no row has."""
BLOCK: Final = 65_536


class Test(NamedTuple):
    """What a row must be like: `column` has one of `values` (any but those where `negated`), or lies within bounds, or
    is a text with `containing` in it, or a list with commas in which `element` stands, or has a keyword in one of the
    `ways`."""

    column: str
    values: tuple[Any, ...] | NDArray[np.int64] = ()
    negated: bool = False
    ignoring_case: bool = False
    at_least: int | None = None
    at_most: int | None = None
    containing: str = ""
    element: str = ""
    ways: Sequence[Way] | None = None


class Matched:
    """Rows that fit, as of now: use it before awaiting again."""

    __slots__ = ("_ids", "_mask", "count")

    def __init__(self, ids: NDArray[np.int64], mask: Mask | None) -> None:
        self._ids = ids
        self._mask = mask
        self.count = len(ids) if mask is None else int(np.count_nonzero(mask))

    def page(self, offset: int, limit: int, *, newest_first: bool) -> list[int]:
        """Ids of one page, by id."""
        if offset >= self.count:
            return []
        end = min(offset + limit, self.count)
        if newest_first:
            offset, end = self.count - end, self.count - offset
        if self._mask is None or self.count == len(self._ids):
            chosen = self._ids[offset:end]
        else:
            chosen = self._ids[_places(self._mask, offset, end)]
        found: list[int] = chosen.tolist()
        return found[::-1] if newest_first else found


def _places(mask: Mask, offset: int, end: int) -> Positions:
    """Where the rows that fit are, from the `offset`th to before the `end`th; most of the mask is counted only."""
    found, passed = [], 0
    for start in range(0, len(mask), BLOCK):
        block = mask[start : start + BLOCK]
        count = int(np.count_nonzero(block))
        if passed + count > offset:
            found.append(np.flatnonzero(block)[max(0, offset - passed) : end - passed] + start)
        passed += count
        if passed >= end:
            break
    return np.concatenate(found)


def codes_that_fit(test: Test, codes: dict[str | None, int]) -> list[int]:
    """The codes of the texts that a test wants."""
    if test.containing:
        contains = _like(f"%{test.containing.lower()}%")
        return [code for text, code in codes.items() if text is not None and contains.fullmatch(text.lower())]
    if test.element:
        wanted = f",{test.element},"
        return [code for text, code in codes.items() if text is not None and wanted in f",{text},"]
    if test.ignoring_case:
        lowered = {value.lower() for value in test.values}
        return [code for text, code in codes.items() if text is not None and text.lower() in lowered]
    return [codes[value] for value in test.values if value in codes]


@lru_cache(maxsize=64)
def _like(pattern: str) -> re.Pattern[str]:
    r"""What LIKE means by a pattern with `ESCAPE '\'`."""
    made, escaped = [], False
    for sign in pattern:
        wild = None if escaped else {"%": ".*", "_": "."}.get(sign)
        escaped = sign == "\\" and not escaped
        if not escaped:
            made.append(wild or re.escape(sign))
    return re.compile("".join(made), re.DOTALL)


def in_set(column: NDArray[Any], wanted: Sequence[int] | NDArray[Any]) -> Mask:
    """Which numbers of a column are in a set, by one look into a table of all numbers there may be."""
    top = int(column.max(initial=0)) + 2
    table = np.zeros(top, np.bool_)  # the last place stands for NOTHING, which is -1
    sought = np.asarray(wanted, np.int64)
    table[sought[(sought >= 0) & (sought < top - 1)]] = True
    table[top - 1] = bool(np.any(sought == NOTHING))
    found: Mask = table[column]
    return found


def nth_of(column: NDArray[Any], numbers: Sequence[int]) -> NDArray[np.int64]:
    """Of each number of a column which of `numbers` it is, from 0; NOTHING where it is none of them."""
    table = np.full(int(column.max(initial=0)) + 2, NOTHING, np.int64)
    for nth, number in enumerate(numbers):
        if 0 <= number < len(table) - 1:
            table[number] = nth
    found: NDArray[np.int64] = table[column]
    return found
