"""Row ids: predictable on a fresh store, unique for ever after."""

from __future__ import annotations

import asyncio

import pytest

from lakh.store.ids import NoIdsError, RowIds
from lakh.store.store import Store


async def test_a_fresh_store_deals_from_one(store: Store) -> None:
    ids = await RowIds(store).open("test_shop", "test_box")

    assert [ids.next("test_shop") for _ in range(3)] == [1, 2, 3]
    assert [ids.next("test_box") for _ in range(3)] == [1, 2, 3]


async def test_every_declared_table_is_open_by_default(store: Store) -> None:
    ids = await RowIds(store).open()

    assert (ids.next("test_shop"), ids.next("test_box")) == (1, 1)
    with pytest.raises(NoIdsError, match="id_block"):
        ids.next("id_block")


async def test_ids_flow_on_while_blocks_are_leased_behind(store: Store) -> None:
    ids = await RowIds(store, block=10).open("test_box")
    dealt = []
    for _ in range(200):
        try:
            dealt.append(ids.next("test_box"))
        except NoIdsError:
            await ids.reserve("test_box", 1)
            dealt.append(ids.next("test_box"))
        await asyncio.sleep(0)

    assert dealt == list(range(1, 201))


async def test_reserved_ids_are_there(store: Store) -> None:
    ids = await RowIds(store, block=10).open("test_box")
    await ids.reserve("test_box", 5000)

    assert [ids.next("test_box") for _ in range(5000)] == list(range(1, 5001))


async def test_two_servers_and_a_restart_never_share_an_id(store: Store) -> None:
    dealt: list[int] = []

    async def serve() -> None:
        ids = RowIds(store, block=7)
        for _ in range(25):
            await ids.reserve("test_box", 3)
            dealt.extend(ids.next("test_box") for _ in range(3))

    await asyncio.gather(serve(), serve())
    await serve()

    assert len(dealt) == 225
    assert len(set(dealt)) == 225


async def test_an_unopened_sequence_is_an_error_that_says_so(store: Store) -> None:
    with pytest.raises(NoIdsError, match="open the sequence first"):
        RowIds(store).next("test_box")
