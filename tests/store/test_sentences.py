"""Sentences in memory say what their texts say: keywords are found wherever they lie."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

import numpy as np

from lakh.base.limits import SENTENCE_SHAPES
from lakh.store.sentences import UNKNOWN, Sentences, fitting

SAYINGS = (
    "starting Instance. Instance Id: {uuid}", "Successfully completed VM.CREATE. VirtualMachine Id: {uuid}",
    "stopping Instance: {name}. Instance Id: {uuid}", "Volume {name} deleted", "{uuid}", "{name}", "{name} {uuid}",
    "preparing storage pool: {uuid} for maintenance", "deleting tags", "{uuid}-{name} is odd",
    "Host {name} is Up: {name}", "Account É created", "two\nlines about {uuid}",
)  # fmt: skip


def told(number: int, random: Random) -> tuple[str, str | None]:
    uuid = str(UUID(int=random.getrandbits(128))) if number % 7 else "1b2"
    name = random.choice(("web-12", "db-0001", "a4", "nameless", "Ärger-9", "x" * 40 + "1"))
    text = random.choice(SAYINGS).format(uuid=uuid, name=name)
    return text, random.choice((uuid, uuid, uuid, None))


class Rows:
    """Rows with sentences, as columns hold them."""

    def __init__(self, seed: int = 1, rows: int = 400) -> None:
        random = Random(seed)
        self.told = [told(number, random) for number in range(rows)]
        self.sentences = Sentences()
        self.parts: list[np.ndarray[Any, Any]] = [np.zeros(0, np.int32)] * 3
        for start in range(0, rows, 90):
            some = self.told[start : start + 90]
            numbers = self.sentences.take([text for text, _ in some], [uuid for _, uuid in some])
            self.parts = [
                np.append(column, made).astype(np.int32) for column, made in zip(self.parts, numbers, strict=True)
            ]

    async def found(self, keyword: str) -> list[int]:
        ways = await self.sentences.ways(keyword)
        assert ways is not None
        return np.flatnonzero(fitting(ways, *self.parts)).tolist()

    def there(self, keyword: str) -> list[int]:
        known = (self.parts[0] != UNKNOWN).tolist()
        return [nth for nth, (text, _) in enumerate(self.told) if known[nth] and keyword in text.lower()]


async def test_any_part_of_a_text_finds_it() -> None:
    rows, random = Rows(), Random(2)
    assert {text for (text, _), shape in zip(rows.told, rows.parts[0], strict=True) if shape == UNKNOWN} == {
        text for text, _ in rows.told if "\n" in text
    }
    for _ in range(1500):
        text = random.choice(rows.told)[0].lower().replace("\n", " ")
        begin = random.randrange(len(text))
        keyword = text[begin : begin + random.choice((1, 2, 3, 5, 9, 20, 45, 80))]
        assert await rows.found(keyword) == rows.there(keyword), keyword


async def test_what_no_text_says_is_not_found() -> None:
    rows = Rows()
    for keyword in ("nothing-like-it", "id: zz", "a-b-c-d", "-" * 5, "instance: web-1. instance", "0" * 40, "web-12  "):
        assert await rows.found(keyword) == rows.there(keyword) == [], keyword


async def test_it_is_exact_while_rows_go_and_come() -> None:
    rows = Rows()
    ways = await rows.sentences.ways("web-12. instance id: ")
    kept = np.arange(len(rows.told)) % 3 > 0
    rows.told = [one for one, stays in zip(rows.told, kept, strict=True) if stays]
    rows.parts = [column[kept] for column in rows.parts]
    rows.parts[1:] = rows.sentences.keep(rows.parts[1], rows.parts[2])
    uuid = "01a207d5-f149-79ec-b8d2-1208c090b0ee"
    more = (f"stopping Instance: web-12. Instance Id: {uuid}", uuid)
    rows.told.append(more)
    rows.parts = [np.append(c, n) for c, n in zip(rows.parts, rows.sentences.take(more[:1], more[1:]), strict=True)]
    assert ways is not None
    assert np.flatnonzero(fitting(ways, *rows.parts)).tolist() == rows.there("web-12. instance id: ")
    for keyword in ("web", "a4", "7", "id: 0", "-", "created"):
        assert await rows.found(keyword) == rows.there(keyword), keyword


async def test_what_it_does_not_know_it_says() -> None:
    sentences = Sentences()
    for wild in ("100%", "a_b", "a\\b", "a\nb", "\x01"):
        assert await sentences.ways(wild) is None
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(SENTENCE_SHAPES + 5)]
    shapes, _, _ = sentences.take(words, [None] * len(words))
    assert sentences.unknown
    assert shapes.count(UNKNOWN) == 5
    assert sentences.take(words[:1], [None])[0] == [0]
