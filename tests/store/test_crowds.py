"""Random crowds of transactions on every engine: whatever the batching does, each is whole, and no guard is passed."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from tests.store.stock import INSERT_BOX, INSERT_SHOP, RELABEL, TAKE, BoxRow, ShopRow, box

from lakh.store.statement import TxnSpec, select, statement
from lakh.store.store import DuplicateError, GuardFailedError, Store

SHOPS = select("test_shop.all", ShopRow, "ORDER BY id")
BOXES = select("test_box.everything", BoxRow, "ORDER BY id")
GIVE = statement("test_shop.give", "UPDATE test_shop SET used = used - $2 WHERE id = $1 AND used - $2 >= 0")


def _crowd(random: Random, size: int) -> list[tuple[TxnSpec, int, int, int]]:
    """Transactions, each with its box (0: none), its shop, and what it takes there."""
    made = []
    for n in range(size):
        shop_id, amount = random.randint(1, 4), random.randint(0, 9)
        txn = TxnSpec("crowd")
        box_id = random.choice([0, n + 1, random.randint(1, size)])
        if random.random() < 0.5:
            txn.add(TAKE, shop_id, amount)
        else:
            txn.add(GIVE, shop_id, amount)
            amount = -amount
        if box_id:
            txn.put(INSERT_BOX, box(box_id, shop_id, label=None))
        if box_id and random.random() < 0.3:
            txn.add(RELABEL, box_id, f"label-{n}")
        random.shuffle(txn.steps) if random.random() < 0.5 and len(txn.steps) == 2 else None
        made.append((txn, box_id, shop_id, amount))
    return made


@pytest.mark.parametrize("seed", range(6))
async def test_a_crowd_adds_up(store: Store, seed: int) -> None:
    random = Random(seed)
    start = 20
    opening = TxnSpec("open")
    for id in range(1, 5):
        opening.put(INSERT_SHOP, ShopRow(id=id, name=f"shop-{id}", capacity=40, used=start))
    await store.submit(opening)
    crowd = _crowd(random, random.choice([2, 30, 150, 400]))

    outcomes = await asyncio.gather(*(store.submit(txn) for txn, *_ in crowd), return_exceptions=True)

    done = [each for each, outcome in zip(crowd, outcomes, strict=True) if isinstance(outcome, list)]
    refused = [o for o in outcomes if not isinstance(o, list)]
    assert all(isinstance(o, (GuardFailedError, DuplicateError)) for o in refused), refused
    assert all(o == [1] * len(txn.steps) for (txn, *_), o in zip(crowd, outcomes, strict=True) if isinstance(o, list))
    for shop_row in await store.rows(SHOPS):
        taken = sum(amount for _, _, shop_id, amount in done if shop_id == shop_row.id)
        assert shop_row.used == start + taken
        assert 0 <= shop_row.used <= shop_row.capacity
    stored = await store.rows(BOXES)
    assert sorted(box_id for _, box_id, _, _ in done if box_id) == [row.id for row in stored]
    relabelled = {box_id for txn, box_id, _, _ in done if any(step.statement is RELABEL for step in txn.steps)}
    assert {row.id for row in stored if row.label is not None} == relabelled
