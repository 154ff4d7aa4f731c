"""The slot table keeps what a dictionary would, also while it grows, shifts, and is mapped twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agent.cloud import GIB, POOL, uuid

from lakh.agent.fake_storage import SharedStorage
from lakh.agent.hypervisor import RefusedError
from lakh.agent.slots import ShardedTable, SlotTable

KEYS = st.integers(1, 60).map(lambda n: n.to_bytes(8, "big"))
VALUES = st.binary(min_size=4, max_size=4)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "claim", "remove", "change"]), KEYS, VALUES), max_size=300)


@given(STEPS, st.booleans())
def test_a_table_is_a_dictionary(steps: list[tuple[str, bytes, bytes]], sharded: bool) -> None:
    table: SlotTable | ShardedTable = ShardedTable(8, 4) if sharded else SlotTable(8, 4)
    model: dict[bytes, bytes] = {}
    for step, key, value in steps:
        if step == "put":
            table.put(key, value)
            model[key] = value
        elif step == "claim":
            assert table.claim(key, value) == model.get(key)
            model.setdefault(key, value)
        elif step == "remove":
            assert table.remove(key) == (model.pop(key, None) is not None)
        else:
            assert table.change(key, lambda old, new=value: new if old != new else None) == (key in model)  # type: ignore[misc]
            if key in model:
                model[key] = value
        assert table.get(key) == model.get(key)
    assert dict(table) == model
    assert len(table) == len(model)


def test_it_grows_and_shrinks_without_losing_any() -> None:
    table = SlotTable(8, 4)
    keys = [number.to_bytes(8, "little") for number in range(1, 5001)]
    for key in keys:
        table.put(key, key[:4])
    for key in keys[::2]:
        assert table.remove(key)
    assert {key for key, _ in table} == set(keys[1::2])
    assert all(table.get(key) == key[:4] for key in keys[1::2])


def test_two_processes_see_one_table(tmp_path: Path) -> None:
    first = SharedStorage(shared=tmp_path / "volumes", slots=1000)
    second = SharedStorage(shared=tmp_path / "volumes", slots=1000)
    first.open_pool(POOL)
    first.add(POOL, uuid(1), "volume", GIB, 100)
    found = second.get(POOL, uuid(1))
    assert found is not None
    assert found.size_bytes == GIB
    first.lock(POOL, uuid(1), 5)
    with pytest.raises(RefusedError, match="write"):
        second.lock(POOL, uuid(1), 6)
    assert second.usage(POOL).used_bytes == 100


def test_a_full_shared_table_refuses_and_books_nothing(tmp_path: Path) -> None:
    storage = SharedStorage(shared=tmp_path / "volumes", slots=10)
    storage.open_pool(POOL)
    for number in range(1, 8):
        storage.add(POOL, uuid(number), "volume", GIB, 100)
    with pytest.raises(RefusedError, match="full"):
        storage.add(POOL, uuid(99), "volume", GIB, 100)
    assert storage.usage(POOL).used_bytes == 700
