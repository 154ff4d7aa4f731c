"""What a transaction promises, on every engine."""

from __future__ import annotations

import asyncio

import pytest
from tests.store.stock import (
    ADD_OPEN_NULL,
    BOX,
    BOXES,
    COUNT,
    INSERT_BOX,
    MOVE_ALL,
    MOVE_WITH,
    RELABEL,
    REMOVE_BOX,
    SHOP,
    TAKE,
    add_box,
    box,
    shop,
)

from lakh.store.statement import TxnSpec, statement
from lakh.store.store import DuplicateError, GuardFailedError, StatementError, Store, StoreUnavailableError


async def test_row_counts_come_back_in_step_order_and_what_was_written_is_read(store: Store) -> None:
    await store.submit(shop(1))
    txn = TxnSpec("stock").put(INSERT_BOX, box(1, label="a")).put(INSERT_BOX, box(2, label="b"))
    txn.add(MOVE_ALL, [1, 2, 99], 1, expect=None).add(TAKE, 1, 2)

    assert await store.submit(txn) == [1, 1, 2, 1]
    assert [b.label for b in await store.rows(BOXES, [1, 2, 3])] == ["a", "b"]
    assert (await store.rows(SHOP, 1))[0].used == 2


async def test_a_failed_guard_undoes_all_steps_and_names_the_statement(store: Store) -> None:
    await store.submit(shop(1, capacity=1, used=1))

    with pytest.raises(GuardFailedError) as caught:
        await store.submit(add_box(1).add(TAKE, 1, 1).put(INSERT_BOX, box(2)))

    assert (caught.value.statement, caught.value.expected, caught.value.found) == ("test_shop.take", 1, 0)
    assert caught.value.label == "addBox"
    assert await store.rows(BOXES, [1, 2]) == []


async def test_in_a_crowd_only_the_guilty_fail(store: Store) -> None:
    await store.submit(shop(1, capacity=1000))
    await store.submit(add_box(500, label="taken"))
    good = [add_box(i).add(TAKE, 1, 1) for i in range(1, 41)]
    full = [add_box(100 + i).add(TAKE, 1, 5000) for i in range(10)]
    twice = [add_box(200 + i, label="taken") for i in range(10)]
    wrong = [TxnSpec("breakBox").add(ADD_OPEN_NULL, 300 + i) for i in range(5)]
    mixed = [txn for four in zip(good[:10], full, twice, good[10:20], strict=True) for txn in four] + good[20:] + wrong

    outcomes = await asyncio.gather(*(store.submit(txn) for txn in mixed), return_exceptions=True)

    by_txn = {id(txn): outcome for txn, outcome in zip(mixed, outcomes, strict=True)}
    assert all(by_txn[id(txn)] == [1, 1] for txn in good)
    assert all(type(by_txn[id(txn)]) is GuardFailedError for txn in full)
    assert all(type(by_txn[id(txn)]) is DuplicateError for txn in twice)
    assert all(type(by_txn[id(txn)]) is StatementError for txn in wrong)
    stored = await store.rows(BOXES, list(range(1, 400)))
    assert [b.id for b in stored] == list(range(1, 41))
    assert (await store.rows(SHOP, 1))[0].used == 40


async def test_a_duplicate_names_its_index(store: Store) -> None:
    await store.submit(shop(1))
    await store.submit(add_box(1, label="red"))

    for txn, index in (
        (add_box(1), "test_box_pkey"),
        (TxnSpec("x").put(INSERT_BOX, box(1)), "test_box_pkey"),
        (add_box(2, label="red"), "test_box_label"),
        (
            shop(2).add(statement("test_shop.rename", "UPDATE test_shop SET name = $2 WHERE id = $1"), 2, "shop-1"),
            "test_shop_name",
        ),
    ):
        with pytest.raises(DuplicateError) as caught:
            await store.submit(txn)
        assert caught.value.index == index

    await store.submit(TxnSpec("remove").add(REMOVE_BOX, 1, 1234))
    await store.submit(add_box(2, label="red"))  # the partial index lets go of removed rows
    assert (await store.rows(BOX, 2))[0].label == "red"


async def test_each_submitter_reads_its_own_write_at_once(store: Store) -> None:
    async def write_and_read(id: int) -> bool:
        await store.submit(add_box(id, label=f"mine-{id}"))
        return [b.label for b in await store.rows(BOX, id)] == [f"mine-{id}"]

    assert all(await asyncio.gather(*(write_and_read(i) for i in range(1, 101))))


async def test_concurrent_guarded_takes_never_pass_the_limit(store: Store) -> None:
    await store.submit(shop(1, capacity=100))
    await store.submit(shop(2, capacity=70))

    async def take(n: int) -> bool:
        try:
            await store.submit(TxnSpec("take").add(TAKE, 1 + n % 2, 7))
        except GuardFailedError:
            return False
        return True

    taken = await asyncio.gather(*(take(n) for n in range(60)))

    assert sum(taken[0::2]) == 14
    assert sum(taken[1::2]) == 10
    assert [(await store.rows(SHOP, id))[0].used for id in (1, 2)] == [98, 70]


async def test_later_transactions_of_one_task_see_the_earlier(store: Store) -> None:
    await store.submit(add_box(1, label="0"))
    for n in range(20):
        await store.submit(TxnSpec("relabel").add(RELABEL, 1, str(n)))
        assert (await store.rows(BOX, 1))[0].label == str(n)


async def test_updates_of_one_row_in_one_group_keep_their_order(store: Store) -> None:
    await store.submit(add_box(1, label="0"))

    await asyncio.gather(*(store.submit(TxnSpec("relabel").add(RELABEL, 1, str(n))) for n in range(30)))

    assert (await store.rows(BOX, 1))[0].label == "29"


async def test_a_with_clause_hides_no_row_count(store: Store) -> None:
    await store.submit(add_box(1, weight=1.5).put(INSERT_BOX, box(2, weight=9.0)).put(INSERT_BOX, box(3, weight=2.5)))

    assert await store.submit(TxnSpec("move").add(MOVE_WITH, 5.0, 7, expect=2)) == [2]


async def test_listeners_hear_of_changed_tables_before_the_submitter_resumes(store: Store) -> None:
    heard: list[object] = []
    store.on_commit(heard.append)

    await store.submit(shop(1).put(INSERT_BOX, box(1)))
    heard.append("resumed")
    with pytest.raises(GuardFailedError):
        await store.submit(TxnSpec("take").add(TAKE, 1, 99))
    heard.append("refused")

    assert heard == [frozenset({"test_shop", "test_box"}), "resumed", "refused"]


async def test_a_failing_listener_stops_no_one(store: Store) -> None:
    def broken(tables: frozenset[str]) -> None:
        raise RuntimeError("a listener's own trouble")

    heard: list[frozenset[str]] = []
    store.on_commit(broken)
    store.on_commit(heard.append)

    await store.submit(shop(1))

    assert heard == [frozenset({"test_shop"})]


async def test_a_full_queue_answers_unavailable(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{type(store).__module__}.STORE_QUEUE", 5)

    outcomes = await asyncio.gather(*(store.submit(add_box(i)) for i in range(1, 31)), return_exceptions=True)

    refused = [o for o in outcomes if isinstance(o, StoreUnavailableError)]
    assert len(refused) == 25
    assert all(outcome == [1] for outcome in outcomes[:5])
    assert [b.id for b in await store.rows(BOXES, list(range(1, 31)))] == [1, 2, 3, 4, 5]


async def test_a_cancelled_submitter_leaves_the_others_alone(store: Store) -> None:
    tasks = [asyncio.ensure_future(store.submit(add_box(i))) for i in range(1, 11)]
    await asyncio.sleep(0)
    tasks[3].cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(outcomes[3], asyncio.CancelledError)
    assert all(outcome == [1] for i, outcome in enumerate(outcomes) if i != 3)


async def test_counters_add_up(store: Store) -> None:
    before = store.counters()
    await store.submit(shop(1))
    await store.submit(add_box(1).add(TAKE, 1, 1))
    await store.read(COUNT, 0)
    after = store.counters()

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert (grown("transactions"), grown("commits")) == (2, 2)
    assert (grown("read_statements"), grown("statements")) == (1, 4)
    assert grown("statement:test_shop.take") == 1
    assert grown("seconds:test_shop.take") > 0


async def test_after_close_the_store_is_unavailable(store: Store) -> None:
    await store.close()

    with pytest.raises(StoreUnavailableError):
        await store.submit(shop(1))
    with pytest.raises(StoreUnavailableError):
        await store.read(COUNT, 0)
    await store.close()
