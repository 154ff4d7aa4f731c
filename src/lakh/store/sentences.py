"""Sentences of millions of rows in memory, in some fifteen bytes each, so that a keyword is found without a pass over
their texts, and without an index that every row written would pay for.

What happens to millions is told in a few sentences, each with the uuid of what it happened to, and some with a name:
"stopping Instance: web-12. Instance Id: 01a2…". So a sentence stands here in three parts: its *shape*, of which there
are few, with marks where the others were; the *uuid*, in 16 bytes; and the *name*, which is its first word with a digit
in it. Uuids and names that come again soon, as those of a beginning and its end do, stand here once.

A keyword lies in a shape, in a uuid, in a name, or across them. For each such way there is a `Way`: which shapes, and
what of the uuid and the name must be like the keyword's part that falls on it. Shapes are few: one pass over one text
of them all. Uuids are compared byte by byte, at each place where the keyword's digits may stand: first a byte that few
have, then the others of those few. Names are one text of bytes. Both are looked through a few thousand at a time, and
the loop goes on in between.

Sentences of more shapes than SENTENCE_SHAPES are *unknown* here, as are those with control characters; and so is what a
keyword with wildcards means. For these the engine is asked.
"""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lakh.base.limits import SENTENCE_SHAPES, SENTENCE_SHAPES_CHARACTERS
from lakh.store.matching import NOTHING, Mask, in_set

UNKNOWN: Final = -1
"""The shape of a sentence that is not told here."""
_UUID, _NAME = "\x01", "\x02"
_LENGTH: Final = 36
_DASHES: Final = frozenset((8, 13, 18, 23))
_DIGIT: Final = re.compile(r"[0-9]")
_NOT_HERE: Final = re.compile(r"[%_\\\x00-\x1f]")
_BYTES: Final = 16
_WHOLE: Final = 255
_RECENT: Final = 20_000
_UUIDS_AT_ONCE: Final = 65_536
_NAMES_AT_ONCE: Final = 16_384


class _Uuids:
    """Each as sixteen bytes, column by column."""

    def __init__(self) -> None:
        self.count = self.renumbered = 0
        self._bytes: NDArray[np.uint8] = np.zeros((_BYTES, 0), np.uint8)
        self._recent: dict[str, int] = {}
        self._new: list[bytes] = []

    def number(self, uuid: str) -> int:
        """NOTHING for what is no uuid in its usual form."""
        known = self._recent.get(uuid)
        if known is not None:
            return known
        try:
            made = bytes.fromhex(uuid.replace("-", ""))
        except ValueError:
            return NOTHING
        if len(uuid) != _LENGTH or len(made) != 16 or any(uuid[place] != "-" for place in _DASHES):
            return NOTHING
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        number = self._recent[uuid] = self.count + len(self._new)
        self._new.append(made)
        return number

    def settle(self) -> None:
        """Stores what was numbered."""
        if not self._new:
            return
        end = self.count + len(self._new)
        if end > self._bytes.shape[1]:
            room: NDArray[np.uint8] = np.empty((_BYTES, max(1024, end * 3 // 2)), np.uint8)
            room[:, : self.count] = self._bytes[:, : self.count]
            self._bytes = room
        self._bytes[:, self.count : end] = np.frombuffer(b"".join(self._new), np.uint8).reshape(-1, _BYTES).T
        self.count = end
        self._new.clear()

    def keep(self, used: Mask) -> None:
        self._bytes = self._bytes[:, : self.count][:, used]
        self.count = self._bytes.shape[1]
        self._recent.clear()
        self.renumbered += 1

    def fitting(self, places: Sequence[_Digits], start: int, end: int) -> Mask:
        """Which of those from `start` to `end` have the digits at one of the places."""
        found = np.zeros(end - start, np.bool_)
        columns = self._bytes[:, start:end]
        for digits in places:
            if not digits:
                found[:] = True
                break
            (number, mask, value), *others = digits
            fits = columns[number] == value if mask == _WHOLE else (columns[number] & mask) == value
            if mask == _WHOLE and others:
                at = np.flatnonzero(fits)
                for number, mask, value in others:
                    at = at[(columns[number][at] & mask) == value]
                found[at] = True
                continue
            for number, mask, value in others:
                fits &= (columns[number] & mask) == value
            found |= fits
        return found


_Digits = tuple[tuple[int, np.uint8, np.uint8], ...]
"""Which of a uuid's bytes, which bits of it, and what they must be; whole bytes first, for few uuids have these."""


def _digits(piece: str, place: int) -> _Digits | None:
    """What a uuid must be like whose text has `piece` at `place`; None where none can have it."""
    wanted: dict[int, tuple[int, int]] = {}
    for at, sign in enumerate(piece, place):
        if at in _DASHES or sign == "-":
            if not (at in _DASHES and sign == "-"):
                return None
            continue
        if sign not in "0123456789abcdef":
            return None
        number, second = divmod(at - sum(at > dash for dash in _DASHES), 2)
        mask, value = wanted.get(number, (0, 0))
        shift = 0 if second else 4
        wanted[number] = mask | 15 << shift, value | int(sign, 16) << shift
    bits = [(number, np.uint8(mask), np.uint8(value)) for number, (mask, value) in wanted.items()]
    return tuple(sorted(bits, key=lambda each: each[1] != _WHOLE))


class _Names:
    """One text of them all, each on its line, and where each begins."""

    def __init__(self) -> None:
        self.count = self.renumbered = 0
        self._text: NDArray[np.uint8] = np.full(1, 10, np.uint8)
        self._begins: NDArray[np.int64] = np.ones(1, np.int64)  # the last is where the next one will
        self._recent: dict[str, int] = {}
        self._new: list[bytes] = []

    def number(self, name: str) -> int:
        known = self._recent.get(name)
        if known is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            known = self._recent[name] = self.count + len(self._new)
            self._new.append(name.encode() + b"\n")
        return known

    def settle(self) -> None:
        """Stores what was numbered."""
        if not self._new:
            return
        used, end = int(self._begins[self.count]), self.count + len(self._new)
        more = np.frombuffer(b"".join(self._new), np.uint8)
        if used + len(more) > len(self._text):
            self._text = _longer(self._text, used, used + len(more))
        if end + 1 > len(self._begins):
            self._begins = _longer(self._begins, self.count + 1, end + 1)
        self._text[used : used + len(more)] = more
        self._begins[self.count + 1 : end + 1] = used + np.cumsum([len(name) for name in self._new])
        self.count = end
        self._new.clear()

    def keep(self, used: Mask) -> None:
        lengths = np.diff(self._begins[: self.count + 1])
        last = int(self._begins[self.count])
        self._text = np.concatenate([self._text[:1], self._text[1:last][np.repeat(used, lengths)]])
        self._begins = np.concatenate([[1], 1 + np.cumsum(lengths[used])])
        self.count = len(self._begins) - 1
        self._recent.clear()
        self.renumbered += 1

    def fitting(self, wanted: bytes, start: int, end: int) -> Mask:
        """Which of those from `start` to `end` have the text in them; it may begin or end with a line's end."""
        text = self._text[self._begins[start] - 1 : self._begins[end]]
        found = np.zeros(end - start, np.bool_)
        first = np.frombuffer(wanted, np.uint8)
        last = len(text) - len(first) + 1
        if last < 1:
            return found
        there = text[:last] == first[0]
        for nth, sign in enumerate(first[1:4], 1):
            there &= text[nth : last + nth] == sign
        at = np.flatnonzero(there)
        for nth, sign in enumerate(first[4:], 4):
            at = at[text[at + nth] == sign]
        where = at + self._begins[start] - 1 + (wanted[:1] == b"\n")
        found[np.searchsorted(self._begins[start:end], where, "right") - 1] = True
        return found


class _Looking:
    """Which uuids or names have what a keyword needs of them, as far as looked."""

    def __init__(self, parts: _Uuids | _Names, wanted: Any, at_once: int) -> None:
        self._parts, self._wanted, self._at_once = parts, wanted, at_once
        self._renumbered = parts.renumbered
        self._found: list[Mask] = []
        self._done = 0

    def step(self) -> bool:
        """Looks at some more; False when there were none."""
        if self._renumbered != self._parts.renumbered:
            self._renumbered, self._done = self._parts.renumbered, 0
            self._found.clear()
        end = min(self._done + self._at_once, self._parts.count)
        if end == self._done:
            return False
        self._found.append(self._parts.fitting(self._wanted, self._done, end))
        self._done = end
        return True

    def table(self) -> Mask:
        """By number, of all there are now; of NOTHING, which is the last, it is False."""
        while self.step():
            pass
        return np.concatenate([*self._found, np.zeros(1, np.bool_)])


class Way:
    """One way to have the keyword: any of these shapes (None: whichever), and such a uuid, and such a name."""

    def __init__(self, shapes: list[int] | None, uuid: _Looking | None = None, name: _Looking | None = None) -> None:
        self.shapes, self.uuid, self.name = shapes, uuid, name


class Sentences:
    """The sentences of one table; the numbers of each row's parts are held beside its other columns."""

    def __init__(self) -> None:
        self._shapes: dict[str, int] = {}
        self._characters = 0
        self.unknown = False
        self._uuids, self._names = _Uuids(), _Names()
        self._lines, self._begins = "\n", [0]

    def take(self, texts: Iterable[str], uuids: Iterable[str | None]) -> tuple[list[int], list[int], list[int]]:
        """The numbers of shape, uuid and name of each text; `uuids` are what each is about."""
        shapes, of, named = [], [], []
        for given, uuid in zip(texts, uuids, strict=True):
            shape, number, name = given.lower(), NOTHING, NOTHING
            if shape.isprintable():
                if uuid and uuid in shape and (number := self._uuids.number(uuid)) != NOTHING:
                    shape = shape.replace(uuid, _UUID, 1)
                if (digit := _DIGIT.search(shape)) is not None:
                    begin, end = shape.rfind(" ", 0, digit.start()) + 1, shape.find(" ", digit.start())
                    word = shape[begin : end if end > 0 else len(shape)]
                    if _UUID not in word:
                        name = self._names.number(word)
                        shape = f"{shape[:begin]}{_NAME}{shape[begin + len(word) :]}"
                shapes.append(self._number(shape))
            else:
                shapes.append(UNKNOWN)
                self.unknown = True
            of.append(number)
            named.append(name)
        self._uuids.settle()
        self._names.settle()
        return shapes, of, named

    def _number(self, shape: str) -> int:
        known = self._shapes.get(shape)
        if known is None:
            if len(self._shapes) >= SENTENCE_SHAPES or self._characters >= SENTENCE_SHAPES_CHARACTERS:
                self.unknown = True
                return UNKNOWN
            known = self._shapes[shape] = len(self._shapes)
            self._characters += len(shape)
        return known

    def keep(self, uuids: NDArray[Any], names: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Forgets the uuids and names of rows that are gone; the new numbers of those that are left."""
        return _keep(self._uuids, uuids), _keep(self._names, names)

    # --- asking ----------------------------------------------------------------------------------------------------
    async def ways(self, keyword: str) -> list[Way] | None:
        """The ways to have a keyword (in lower case); None for one with wildcards or control characters."""
        if _NOT_HERE.search(keyword):
            return None
        ways = self._across_uuids(keyword)
        for part, wanted in _on_names(keyword):
            name = _Looking(self._names, wanted.encode(), _NAMES_AT_ONCE)
            if part == _NAME:
                ways.append(Way(None, None, name))
                continue
            for way in self._across_uuids(part):
                ways.append(Way(way.shapes, way.uuid, name))
        ways = [way for way in ways if way.shapes is None or way.shapes]
        looked_through = {looking for way in ways for looking in (way.uuid, way.name) if looking is not None}
        for looking in looked_through:
            for _ in iter(looking.step, False):
                await asyncio.sleep(0)
        return ways

    def _across_uuids(self, keyword: str) -> list[Way]:
        """The ways with what falls on a uuid."""
        ways = [Way(self._with(keyword))]
        anywhere = [_digits(keyword, place) for place in range(_LENGTH - len(keyword) + 1)]
        if places := [digits for digits in anywhere if digits is not None]:
            ways.append(Way(None, self._looking(places)))
        splits = [(keyword[:at], keyword[at : at + _LENGTH], keyword[at + _LENGTH :], 0) for at in range(len(keyword))]
        splits = [split for split in splits if split[0] or split[2]]
        ends = range(1, min(len(keyword), _LENGTH))
        splits += [("", keyword[:at], keyword[at:], _LENGTH - at) for at in ends]
        for before, piece, after, place in splits:
            digits = _digits(piece, place)
            if digits is not None and (shapes := self._with(f"{before}{_UUID}{after}")):
                ways.append(Way(shapes, self._looking([digits])))
        return ways

    def _looking(self, places: list[_Digits]) -> _Looking:
        return _Looking(self._uuids, places, _UUIDS_AT_ONCE)

    def _with(self, text: str) -> list[int]:
        """The shapes that have a text in them."""
        if len(self._begins) != len(self._shapes) + 1:
            self._lines, self._begins, end = "\n".join(["", *self._shapes, ""]), [1], 1
            for shape in self._shapes:
                end += len(shape) + 1
                self._begins.append(end)
        found, at = [], self._lines.find(text)
        while at >= 0:
            number = bisect_right(self._begins, at) - 1
            found.append(number)
            at = self._lines.find(text, self._begins[number + 1])
        return found


def fitting(ways: Sequence[Way], shapes: NDArray[Any], uuids: NDArray[Any], names: NDArray[Any]) -> Mask:
    """Which rows, of these parts, have the keyword."""
    found = np.zeros(len(shapes), np.bool_)
    for way in ways:
        fits: Mask | None = None
        if way.shapes is not None:
            fits = shapes == way.shapes[0] if len(way.shapes) == 1 else in_set(shapes, way.shapes)
        for looking, column in ((way.uuid, uuids), (way.name, names)):
            if looking is not None:
                has = looking.table()[column]
                fits = has if fits is None else fits & has
        if fits is not None:
            found |= fits
    return found


def _on_names(keyword: str) -> list[tuple[str, str]]:
    """(keyword with the mark of a name in the place of a word, what of the name that word is) for each word."""
    words = keyword.split(" ")
    if len(words) == 1:
        return [(_NAME, keyword)]
    found = []
    for nth, word in enumerate(words):
        if word:
            whole = f"{'' if nth == 0 else chr(10)}{word}{'' if nth == len(words) - 1 else chr(10)}"
            found.append((" ".join([*words[:nth], _NAME, *words[nth + 1 :]]), whole))
    return found


def _longer(numbers: NDArray[Any], used: int, wanted: int) -> NDArray[Any]:
    made = np.empty(wanted * 3 // 2, numbers.dtype)
    made[:used] = numbers[:used]
    return made


def _keep(parts: _Uuids | _Names, numbers: NDArray[Any]) -> NDArray[Any]:
    used = np.zeros(parts.count + 1, np.bool_)
    used[numbers] = True
    used = used[:-1]
    parts.keep(used)
    new = np.concatenate([np.cumsum(used) - 1, [NOTHING]]).astype(numbers.dtype)
    kept: NDArray[Any] = new[numbers]
    return kept
