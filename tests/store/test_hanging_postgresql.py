"""A PostgreSQL that stands still with its sockets open, as on a frozen machine; and one that only takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from tests.postgresql import OwnCluster, own_cluster
from tests.store.stock import BOX, SHOP, TAKE, BoxRow, add_box, box, shop
from tests.stores import empty_database

from lakh.lab.installation import until
from lakh.store import postgresql_watch
from lakh.store.opening import open_store
from lakh.store.statement import select
from lakh.store.store import OutcomeUnknownError, Store, StoreUnavailableError

ALL_BOXES = select("test_box.after_a_freeze", BoxRow, "ORDER BY id")
SOME_SECONDS = 30.0
"""Six where nobody else works; without the watch a minute."""
AT_ONCE_SECONDS = 1.5
PATIENCE_SECONDS = 60.0


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    with own_cluster() as made:
        yield made


@pytest.fixture
async def url(cluster: OwnCluster) -> str:
    return cluster.url(await empty_database(cluster))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    await opened.submit(shop(1, capacity=1000))
    yield opened
    await opened.close()


async def back(store: Store) -> list[int]:
    """Ids of the boxes, once the store can be read again."""
    found: list[int] = []

    async def answers() -> bool:
        try:
            found.extend(row.id for row in await store.rows(ALL_BOXES))
        except StoreUnavailableError:
            return False
        return True

    await until(answers, PATIENCE_SECONDS, "the store does not find its database again")
    return found


async def refused(work: asyncio.Task[object]) -> str:
    with pytest.raises(StoreUnavailableError) as error:
        await work
    return str(error.value)


async def test_who_waits_is_told_within_seconds_and_who_comes_later_at_once(store: Store, cluster: OwnCluster) -> None:
    await store.submit(add_box(1))
    assert await store.rows(BOX, 1) == [box(1)]
    cluster.freeze()
    async with asyncio.timeout(SOME_SECONDS):
        waiting = [asyncio.create_task(work) for work in (store.rows(BOX, 1), store.submit(add_box(2)))]
        for work in waiting:
            assert "PostgreSQL" in await refused(work)
    for _ in range(20):
        async with asyncio.timeout(AT_ONCE_SECONDS):
            await refused(asyncio.create_task(store.rows(BOX, 1)))
            await refused(asyncio.create_task(store.submit(add_box(3))))
    cluster.thaw()
    assert {1} <= set(await back(store)) <= {1, 2}, "what was refused outright is not there"
    await store.submit(add_box(4))


async def test_a_store_without_a_connection_finds_out_as_well(url: str, cluster: OwnCluster) -> None:
    store = await open_store(url)
    cluster.freeze()
    async with asyncio.timeout(SOME_SECONDS):
        while "does not answer" not in await refused(asyncio.create_task(store.rows(BOX, 1))):
            pass
    async with asyncio.timeout(AT_ONCE_SECONDS):
        await refused(asyncio.create_task(store.rows(BOX, 1)))
    cluster.thaw()
    assert await back(store) == []
    await store.close()


async def test_what_was_read_after_a_freeze_stays_so(store: Store, url: str, cluster: OwnCluster) -> None:
    """A session of ours still waits for somebody's lock when the server wakes up. Had it gone on afterwards, it would
    have stored what was found missing before."""
    database = await asyncpg.connect(url)
    other = database.transaction()
    await other.start()
    await database.execute("INSERT INTO test_shop (id, name, capacity, used) VALUES (9, 'theirs', 1, 0)")
    opening = asyncio.create_task(store.submit(shop(9, capacity=1)))
    locked = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
    while not await database.fetchval(locked):
        pass
    cluster.freeze()
    async with asyncio.timeout(SOME_SECONDS):
        assert "outcome is not known" in await refused(opening)
    cluster.thaw()
    assert await back(store) == []
    assert await store.rows(SHOP, 9) == []
    await other.rollback()
    await store.submit(add_box(7))
    assert not await database.fetchval(locked)
    await database.close()
    assert await store.rows(SHOP, 9) == []
    await store.submit(shop(9, capacity=1))


async def test_every_outcome_that_was_told_is_true(store: Store, cluster: OwnCluster) -> None:
    """The freeze comes in the middle of a crowd: some have their answer, some do not know."""
    tasks = {n: asyncio.create_task(store.submit(add_box(n).add(TAKE, 1, 1))) for n in range(1, 400)}
    await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
    cluster.freeze()
    async with asyncio.timeout(SOME_SECONDS):
        answers = dict(zip(tasks, await asyncio.gather(*tasks.values(), return_exceptions=True), strict=True))
    assert {type(answer) for answer in answers.values()} <= {list, StoreUnavailableError, OutcomeUnknownError}
    cluster.thaw()
    stored = await back(store)
    assert {n for n, answer in answers.items() if isinstance(answer, list)} <= set(stored)
    assert not {n for n, answer in answers.items() if type(answer) is StoreUnavailableError} & set(stored)
    assert (await store.rows(SHOP, 1))[0].used == len(stored)
    await store.submit(add_box(1000))
    assert [row.id for row in await store.rows(ALL_BOXES)] == [*stored, 1000]


async def test_what_takes_long_is_not_cut(store: Store, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_watch, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(postgresql_watch, "TICK_SECONDS", 0.01)
    database = await asyncpg.connect(url)
    other = database.transaction()
    await other.start()
    await database.execute("UPDATE test_shop SET used = 1 WHERE id = 1")
    taking = asyncio.create_task(store.submit(add_box(7).add(TAKE, 1, 5)))
    watch = store._watch  # type: ignore[attr-defined]

    async def looked_at() -> bool:
        return watch.probes >= 3

    await until(looked_at, PATIENCE_SECONDS, "nobody looked at the slow statement")
    assert not taking.done()
    await other.commit()
    await database.close()
    assert await taking == [1, 1]
