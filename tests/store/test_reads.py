"""What a read gives back, on every engine."""

from __future__ import annotations

import pytest
from tests.store.stock import BOX, BOXES, BOXES_OF, COUNT, INSERT_BOX, LABELS_LIKE, OTHER_BOXES, add_box, box

from lakh.store.statement import TxnSpec, statement
from lakh.store.store import StatementError, Store


async def test_a_row_comes_back_as_it_was_put(store: Store) -> None:
    put = [
        box(1, label="größe 'x' $1", open=True, weight=1.25, sealed=None),
        box(2, label=None, open=False, weight=None, sealed=False),
        box(3, label="", open=True, weight=-2.0, sealed=True, removed_ms=2**62),
    ]
    for each in put:
        await store.submit(TxnSpec("add").put(INSERT_BOX, each))

    found = await store.rows(BOXES, [1, 2, 3])

    assert found == put
    assert [type(b.open) for b in found] == [bool, bool, bool]
    assert [b.sealed for b in found] == [None, False, True]


async def test_lists_as_arguments(store: Store) -> None:
    for i in range(1, 6):
        await store.submit(add_box(i, label=f"l{i}"))

    assert [b.id for b in await store.rows(BOXES, (5, 2))] == [2, 5]
    assert await store.rows(BOXES, []) == []
    assert [b.id for b in await store.rows(BOXES_OF, ["l1", "l4", "it's"], 1)] == [1, 4]
    assert [b.id for b in await store.rows(OTHER_BOXES, 1, [1, 4])] == [2, 3, 5]
    assert len(await store.rows(OTHER_BOXES, 1, [])) == 5


async def test_sums_are_integers(store: Store) -> None:
    await store.submit(add_box(3).put(INSERT_BOX, box(4)))

    assert await store.read(COUNT, 0) == [(2, 7)]
    assert type((await store.read(COUNT, 0))[0][1]) is int


async def test_texts_compare_by_bytes_and_like_minds_case(store: Store) -> None:
    for i, label in enumerate(["b", "a", "B", "ä", "_", "A1"], 1):
        await store.submit(add_box(i, label=label))

    assert [label for (label,) in await store.read(LABELS_LIKE, "%")] == ["A1", "B", "_", "a", "b", "ä"]
    assert [label for (label,) in await store.read(LABELS_LIKE, "a%")] == ["a"]


async def test_a_wrong_statement_is_named(store: Store) -> None:
    wrong = statement("test_box.wrong", "SELECT nothing_such FROM test_box")

    with pytest.raises(StatementError, match=r"test_box\.wrong"):
        await store.read(wrong)
    assert await store.rows(BOX, 1) == []
