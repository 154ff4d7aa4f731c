"""What a process tells others of its commits, and what they make of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.store.stock import INSERT_BOX, INSERT_SHOP, RELABEL, TAKE, BoxRow, ShopRow, box

from lakh.store.commit import Listeners
from lakh.store.others import decoded, encoded
from lakh.store.snapshot import Snapshots
from lakh.store.statement import Step, TxnSpec, select, statement
from lakh.store.store import WHOLE, GuardFailedError, Store

EMPTY_ALL = statement("test_shop.empty_all", "UPDATE test_shop SET used = 0 WHERE used > 0")
BOXES = select("test_box.of_others", BoxRow, "ORDER BY id")


def _told(steps: Sequence[Step], **wanted: frozenset[str]) -> list[tuple[str, tuple[object, ...]]]:
    return [(step.statement.name, step.arguments) for step in decoded(encoded(steps, wanted))]


def _steps() -> list[Step]:
    txn = TxnSpec("all").put(INSERT_SHOP, ShopRow(id=7, name="corner", capacity=40, used=0))
    txn.add(TAKE, 7, 3).put(INSERT_BOX, box(9, 7, label=None)).add(TAKE, 8, 2).add(EMPTY_ALL)
    return txn.steps


def test_rows_are_named_by_the_argument_that_names_them() -> None:
    assert _told(_steps()) == [
        (INSERT_SHOP.name, (7,)),
        (TAKE.name, (7,)),
        (TAKE.name, (8,)),
        (INSERT_BOX.name, (9,)),
        (EMPTY_ALL.name, ()),
    ]


def test_sums_travel_where_somebody_adds_up() -> None:
    told = _told(_steps(), test_shop=frozenset({WHOLE}))
    assert told[:3] == [(INSERT_SHOP.name, (7, "corner", 40, 0)), (TAKE.name, (7, 3)), (TAKE.name, (8, 2))]


def test_of_new_rows_some_columns_travel() -> None:
    told = _told(_steps(), test_shop=frozenset({"capacity"}))
    assert told[:3] == [(INSERT_SHOP.name, (7, None, 40)), (TAKE.name, (7,)), (TAKE.name, (8,))]


def test_a_statement_that_is_not_known_here_says_nothing_but_its_table() -> None:
    made = statement("test_shop.of_another_version", "UPDATE test_shop SET used = 1 WHERE id = $1", kept=False)
    (step,) = decoded(encoded([Step(made, (5,), 1)], {}))
    assert (step.statement.changes, step.statement.text, step.arguments) == ("test_shop", "", ())


async def test_what_failed_is_not_told(store: Store) -> None:
    told: list[str] = []
    listeners: Listeners = getattr(store, "listeners", None) or store._listeners  # type: ignore[attr-defined]
    listeners.tell_others(lambda steps: told.extend(step.statement.name for step in steps))
    await store.submit(TxnSpec("open").put(INSERT_SHOP, ShopRow(id=1, name="a", capacity=5, used=0)))
    with pytest.raises(GuardFailedError):
        await store.submit(TxnSpec("too much").put(INSERT_BOX, box(1, 1, label=None)).add(TAKE, 1, 6))
    await store.submit(TxnSpec("some").put(INSERT_BOX, box(1, 1, label=None)).add(TAKE, 1, 5))
    assert told == [INSERT_SHOP.name, INSERT_BOX.name, TAKE.name]


async def test_what_others_commit_empties_what_is_remembered(store: Store) -> None:
    listeners: Listeners = getattr(store, "listeners", None) or store._listeners  # type: ignore[attr-defined]
    snapshots = Snapshots(store)
    own: list[tuple[str, tuple[object, ...]]] = []
    others: list[tuple[str, tuple[object, ...]]] = []
    store.follow("test_box", lambda steps: own.extend((s.statement.name, s.arguments) for s in steps))
    store.follow_others("test_box", lambda steps: others.extend((s.statement.name, s.arguments) for s in steps))
    await store.submit(TxnSpec("here").put(INSERT_BOX, box(1, 1, label="old")))
    before = await snapshots.of(BoxRow)
    assert await snapshots.of(BoxRow) is before
    assert others == [], "that was committed here"

    listeners.heard(decoded(encoded([Step(RELABEL, (1, "new"), 1)], {})))
    assert others == [(RELABEL.name, (1,))]
    assert own[1:] == others
    assert await snapshots.of(BoxRow) is not before

    after = await snapshots.of(BoxRow)
    listeners.missed()
    assert others[-1] == ("missed", ())
    assert await snapshots.of(BoxRow) is not after
