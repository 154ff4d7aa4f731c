"""How PostgreSQL's batches are planned: what is folded, in which order, and what must not be."""

from __future__ import annotations

from random import Random

import pytest
from tests.store.stock import INSERT_BOX, RELABEL, REMOVE_BOX, TAKE, BoxRow, add_box, box

from lakh.store.postgresql_batch import Folding, Item, fold_change, fold_insert, runs
from lakh.store.statement import Statement, TxnSpec, insert, statement


def _folded(text: str, *types: str) -> Folding | None:
    return fold_change(Statement("probe", text, "test_shop"), types or ("int8",) * 4)


def _taken(*arguments: tuple[object, ...]) -> list[Item]:
    return [Item(index, 0, each) for index, each in enumerate(arguments)]


def _groups(folding: Folding, items: list[Item]) -> list[list[list[int]]]:
    return [[[item.txn for item in group] for group in each.groups] for each in folding.rounds(items)]


def test_equal_statements_of_different_verbs_run_together_inserts_first() -> None:
    batch = [
        TxnSpec("a").add(TAKE, 1, 1).put(INSERT_BOX, box(1)),
        TxnSpec("b").add(REMOVE_BOX, 9, 5).add(TAKE, 2, 1),
        TxnSpec("c").put(INSERT_BOX, box(2)),
    ]

    planned = [(s.name, [(i.txn, i.step) for i in items]) for s, items in runs(batch)]

    assert planned == [
        ("test_box.insert", [(0, 1), (2, 0)]),
        ("test_box.remove", [(1, 0)]),
        ("test_shop.take", [(0, 0), (1, 1)]),
    ]


def test_steps_that_touch_one_table_keep_their_order() -> None:
    look = statement(
        "test_shop.look", "UPDATE test_shop SET used = 0 WHERE id = (SELECT shop_id FROM test_box WHERE id = $1)"
    )
    batch = [TxnSpec("a").add(look, 1).put(INSERT_BOX, box(1)), TxnSpec("b").add(RELABEL, 1, "x").add(REMOVE_BOX, 1, 2)]

    planned = [s.name for s, _ in runs(batch)]

    assert planned.index("test_shop.look") < planned.index("test_box.insert")
    assert planned.index("test_box.relabel") < planned.index("test_box.remove")


def test_an_upsert_takes_one_array_per_column() -> None:
    folding = fold_insert(insert("test_box.once", BoxRow, conflict="ON CONFLICT (id) DO NOTHING"))
    (only,) = folding.rounds(_taken(*(add_box(n).steps[0].arguments for n in (2, 1))))

    assert folding.text.startswith(
        "INSERT INTO test_box (id, uuid, shop_id, label, open, weight, sealed, removed_ms) SELECT"
    )
    assert "FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::BOOLEAN[]," in folding.text
    assert only.arrays[:3] == [[2, 1], ["uuid-2", "uuid-1"], [1, 1]]


def test_an_upsert_never_wants_a_row_twice() -> None:
    upsert = insert(
        "test_box.upsert",
        BoxRow,
        conflict="ON CONFLICT (shop_id, label) WHERE removed_ms IS NULL DO UPDATE SET open = true",
    )
    rows = [
        add_box(n, shop_id=shop, label=label).steps[0].arguments
        for n, shop, label in ((1, 7, "a"), (2, 7, "b"), (3, 7, "a"))
    ]

    assert _groups(fold_insert(upsert), _taken(*rows)) == [[[0], [1]], [[2]]]


def test_additions_to_one_row_become_their_sum_and_rows_come_in_key_order() -> None:
    folding = fold_change(TAKE, ("int8", "int8"))
    assert folding is not None
    (only,) = folding.rounds(_taken((9, 1), (2, 5), (9, 4)))

    assert only.arrays == [[2, 9], [5, 5]]
    assert [[item.txn for item in group] for group in only.groups] == [[1], [0, 2]]


def test_a_literal_step_counts_as_often_as_it_was_asked_for() -> None:
    folding = _folded("UPDATE test_shop SET used = used + $2, capacity = capacity + 1 WHERE id = $1", "int8", "int8")
    assert folding is not None

    assert "used = used + u_.u_2, capacity = capacity + 1 * u_.u_times FROM UNNEST" in folding.text
    assert folding.sums == (1,)


def test_falls_under_an_upper_bound_are_not_summed() -> None:
    folding = fold_change(TAKE, ("int8", "int8"))
    assert folding is not None

    assert _groups(folding, _taken((1, -3), (1, -3), (1, 2))) == [[[0]], [[1]], [[2]]]


def test_a_bound_that_lets_falls_pass_sums_rises_and_falls_apart() -> None:
    folding = _folded(
        "UPDATE test_shop SET used = used + $2 WHERE id = $1 AND ($2 <= 0 OR used + $2 <= $3)", *["int8"] * 3
    )
    assert folding is not None

    items = _taken((1, 5, 9), (1, 0, 9), (1, -5, 9), (1, 4, 9), (1, -1, 9), (1, 1, 8))
    assert _groups(folding, items) == [[[0, 1, 3]], [[2, 4]], [[5]]]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE test_shop SET used = used + $2, name = $3 WHERE id = $1 AND name = $4",
        "UPDATE test_shop SET used = used + $2 WHERE id = $1 AND used = $3",
        "UPDATE test_shop SET used = used * 2 WHERE id = $1",
        "UPDATE test_shop SET used = used + $2 WHERE id = $1 AND capacity - used >= $2",
        "UPDATE test_shop SET used = used + 1 WHERE id = $1 AND used < capacity",
    ],
)  # fmt: skip
def test_what_does_more_than_add_runs_once_per_row_and_round(text: str) -> None:
    folding = _folded(text)

    assert folding is not None
    assert folding.sums is None
    assert _groups(folding, _taken((1, 2, 3, 4), (1, 2, 3, 4))) == [[[0]], [[1]]]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE test_box SET shop_id = $2 WHERE id = ANY($1)",
        "UPDATE test_shop SET used = 0 WHERE id = $1 OR name = $2",
        "UPDATE test_shop SET used = 0 WHERE EXISTS (SELECT 1 FROM test_box WHERE id = $1)",
        "UPDATE test_shop SET used = (SELECT COUNT(*) FROM test_box WHERE shop_id = $1) WHERE id = $1",
        "WITH x AS (SELECT 1) UPDATE test_shop SET used = 0 WHERE id = $1",
        "UPDATE test_shop SET used = 0 WHERE used > $1",
        "INSERT INTO test_shop (id, name, capacity, used) VALUES ($1, 'x', 0, 0)",
    ],
)
def test_what_cannot_be_folded_safely_is_not(text: str) -> None:
    types = ("int8[]", "int8") if "ANY" in text else ("int8", "int8")

    assert _folded(text, *types) is None


def test_quoted_dollars_stay() -> None:
    folding = _folded("UPDATE test_shop SET name = 'costs $1' WHERE id = $1", "int8")

    assert folding is not None
    assert "name = 'costs $1' FROM" in folding.text
    assert "id = u_.u_1" in folding.text


def test_rows_are_found_by_their_key_and_other_conditions_only_checked() -> None:
    folding = _folded("UPDATE test_shop SET used = 0 WHERE id = $1 AND name = $2", "int8", "text")
    assert folding is not None

    assert folding.text.endswith(
        "WHERE id = u_.u_1 AND CASE WHEN u_.u_place > 0 THEN id = u_.u_1 AND name = u_.u_2 END RETURNING u_.u_place"
    )


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE test_shop SET used = 0 WHERE name = $1",
        "UPDATE test_shop SET used = 0 WHERE NOT id = $1 AND name = $2",
        "UPDATE test_shop SET used = 0 WHERE id + 1 = $1 AND name = $2",
    ],
)
def test_what_does_not_tell_the_key_is_left_to_the_planner(text: str) -> None:
    folding = _folded(text, "int8", "text")

    assert folding is not None
    assert "CASE" not in folding.text


def test_rows_that_everybody_wants_are_locked_last() -> None:
    charge = statement("test_bin.fill", "UPDATE test_bin SET pieces = pieces + $2 WHERE id = $1")
    batch = [TxnSpec("a").add(charge, 1, 1).add(TAKE, 1, 1).put(INSERT_BOX, box(1)), TxnSpec("b").add(REMOVE_BOX, 1, 2)]

    assert [s.name for s, _ in runs(batch)] == [
        "test_box.insert", "test_box.remove", "test_shop.take", "test_bin.fill"
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_what_is_folded_passes_a_bound_only_if_each_of_its_parts_does(seed: int) -> None:
    random = Random(seed)
    folding = fold_change(TAKE, ("int8", "int8"))
    assert folding is not None
    items = _taken(*((random.randint(1, 3), random.choice([-4, -1, 0, 1, 1, 5])) for _ in range(random.randint(1, 60))))
    folded = dict.fromkeys((1, 2, 3), random.randint(0, 5))
    single, capacity = dict(folded), 12

    seen: list[int] = []
    for each in folding.rounds(items):
        assert each.arrays[0] == sorted(set(each.arrays[0]))
        for (shop_id, amount), group in zip(zip(*each.arrays, strict=True), each.groups, strict=True):
            seen += [item.txn for item in group]
            assert amount == sum(item.arguments[1] for item in group)
            if folded[shop_id] + amount > capacity:
                continue
            folded[shop_id] += amount
            for item in group:
                assert single[shop_id] + item.arguments[1] <= capacity
                single[shop_id] += item.arguments[1]

    assert folded == single
    assert sorted(seen) == list(range(len(items)))


@pytest.mark.parametrize("seed", range(10))
def test_keys_that_are_missing_or_many_keep_every_execution(seed: int) -> None:
    random = Random(seed)
    folding = _folded("UPDATE test_shop SET name = $3 WHERE id = $1 AND capacity = $2", "int8", "int8", "text")
    assert folding is not None
    items = _taken(*((random.choice([None, 1, 2]), random.choice([None, 1]), random.choice("ab")) for _ in range(30)))

    rounds = list(folding.rounds(items))

    assert sorted(item.txn for each in rounds for group in each.groups for item in group) == list(range(30))
    for each in rounds:
        assert len({item.arguments[:2] for group in each.groups for item in group}) == len(each.groups)
        for group in each.groups:
            assert len({item.arguments for item in group}) == 1


def test_what_a_statement_sets_may_be_what_lets_it_pass() -> None:
    folding = _folded(
        "UPDATE test_shop SET used = used + $2, name = $3 WHERE id = $1 AND used + $2 <= capacity"
        " AND (name = $3 OR (capacity > 0 AND id <> 9))",
        *("int8", "int8", "text"),
    )
    assert folding is not None

    assert folding.sums == (1,)
    assert _groups(folding, _taken((1, 2, "a"), (1, 3, "b"), (1, 4, "a"))) == [[[0, 2]], [[1]]]
