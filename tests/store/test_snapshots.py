"""Small tables in memory: what a commit changed is read anew, and nothing else."""

from __future__ import annotations

import msgspec
import pytest
from tests.store.stock import INSERT_BOX, BoxRow, add_box, box

from lakh.base.limits import SNAPSHOT_JOURNAL, SNAPSHOT_NOTED
from lakh.store.changes import changed_by
from lakh.store.snapshot import Changes, Loaded, Snapshots
from lakh.store.statement import TxnSpec, insert, statement
from lakh.store.store import Store

LABEL = statement("test_box.snapshot_label", "UPDATE test_box SET label = $2 WHERE id = $1")
WEIGH_ALL = statement("test_box.snapshot_weigh", "UPDATE test_box SET weight = $2 WHERE shop_id = $1")
REMOVE = statement("test_box.snapshot_remove", "UPDATE test_box SET removed_ms = 5 WHERE id = ANY($1)")
DELETE = statement("test_box.snapshot_delete", "DELETE FROM test_box WHERE id = $1")
GUARD = statement("test_box.snapshot_guard", "UPDATE test_box SET label = label WHERE id = $1 AND removed_ms IS NULL")


def labels(loaded: Loaded[BoxRow]) -> list[str | None]:
    return [row.label for row in loaded]


async def test_only_what_changed_is_read_anew(store: Store) -> None:
    snapshots, changes = Snapshots(store), Changes[BoxRow]()
    for number in (10, 20, 30, 40):
        await store.submit(add_box(number, label=f"l{number}"))
    first = await snapshots.of(BoxRow)
    assert changes.look(first) == ([10, 20, 30, 40], True)
    middle = iter(first)
    next(middle)
    await store.submit(TxnSpec("label").add(LABEL, 20, "new"))
    await store.submit(TxnSpec("remove").add(REMOVE, [30], expect=1).put(INSERT_BOX, box(15, label="l15")))
    await store.submit(TxnSpec("delete").add(DELETE, 10).put(INSERT_BOX, box(50, label="l50")))
    before = store.counters().get("statement:test_box.snapshot", 0)
    now = await snapshots.of(BoxRow)
    assert store.counters().get("statement:test_box.snapshot", 0) == before
    assert (labels(now), [row.id for row in now]) == (["l15", "new", "l40", "l50"], [15, 20, 40, 50])
    assert sorted(now.by_id) == [15, 20, 30, 40, 50]
    assert now.by_id[30].removed_ms == 5
    assert (sorted(changes.look(now)[0]), changes.look(now)) == ([10, 15, 20, 30, 50], ((), False))
    assert [row.id for row in middle] == [20, 30, 40], "who is in the middle of an older state stays there"


async def test_a_guard_is_no_change(store: Store) -> None:
    snapshots = Snapshots(store)
    await store.submit(add_box(1))
    first = await snapshots.of(BoxRow)
    heard: list[frozenset[str]] = []
    store.on_commit(heard.append)
    await store.submit(TxnSpec("guard").add(GUARD, 1))
    assert await snapshots.of(BoxRow) is first
    assert all("test_box" not in tables for tables in heard)


async def test_what_does_not_name_its_rows_is_read_as_a_whole(store: Store) -> None:
    snapshots, changes = Snapshots(store), Changes[BoxRow]()
    for number in (1, 2, 3):
        await store.submit(add_box(number))
    changes.look(await snapshots.of(BoxRow))
    await store.submit(TxnSpec("weigh").add(WEIGH_ALL, box(1).shop_id, 2.5, expect=3))
    assert [row.weight for row in await snapshots.of(BoxRow)] == [2.5] * 3
    assert changes.look(await snapshots.of(BoxRow)) == ([1, 2, 3], True)
    replacing = insert("test_box.snapshot_set", BoxRow, conflict="ON CONFLICT (label) DO UPDATE SET weight = 1")
    assert changed_by(replacing) is None
    by_id = insert("test_box.snapshot_put", BoxRow, conflict="ON CONFLICT (id) DO UPDATE SET weight = 1")
    assert changed_by(by_id) is not None


async def test_many_changes_are_one_reading(store: Store) -> None:
    snapshots = Snapshots(store)
    await snapshots.of(BoxRow)
    txn = TxnSpec("many")
    for number in range(1, SNAPSHOT_NOTED + 2):
        txn.put(INSERT_BOX, box(number))
    await store.submit(txn)
    assert len((await snapshots.of(BoxRow)).live) == SNAPSHOT_NOTED + 1
    assert store.counters()["statement:test_box.snapshot"] == 2


def test_the_journal_is_bounded() -> None:
    row = box(1)
    loaded = first = Loaded(BoxRow, [row], 0)
    for version in range(2 * SNAPSHOT_JOURNAL):
        loaded = loaded.with_rows([1], [msgspec.structs.replace(row, label=str(version))], version)
    assert loaded.changed_since(first) == [1] * 2 * SNAPSHOT_JOURNAL
    last = loaded.with_rows([1], [row], 0)
    assert last.changed_since(first) is None
    assert last.changed_since(loaded) == [1]


async def test_a_store_that_fails_leaves_no_gap(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = Snapshots(store)
    await store.submit(add_box(1, label="a"))
    await snapshots.of(BoxRow)
    await store.submit(TxnSpec("label").add(LABEL, 1, "b"))
    with monkeypatch.context() as broken:

        async def fails(*_: object) -> list[BoxRow]:
            raise OSError("no disk")

        broken.setattr(snapshots, "_store", type("Broken", (), {"rows": staticmethod(fails)})())
        with pytest.raises(OSError, match="no disk"):
            await snapshots.of(BoxRow)
    assert labels(await snapshots.of(BoxRow)) == ["b"]
