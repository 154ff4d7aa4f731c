"""What was acknowledged stays, whatever dies: the server, the connection, the database."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.postgresql import own_cluster
from tests.store.stock import BOX, SHOP, TAKE, BoxRow, add_box, box, shop
from tests.stores import fresh_store, fresh_url

from lakh.base.limits import ID_BLOCK
from lakh.store.ids import LEASE, RowIds
from lakh.store.inline import InlineStore
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec, select
from lakh.store.store import StatementError, Store, StoreUnavailableError

ALL_BOXES = select("test_box.all", BoxRow, "ORDER BY id")


@pytest.mark.parametrize("acknowledged", [1, 40, 700])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_killed_server_loses_nothing_it_acknowledged(engine: str, acknowledged: int, tmp_path: Path) -> None:
    async with fresh_url(engine, tmp_path) as url:
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.store.crashing_writer", url,
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert writer.stdout is not None
        heard = [await writer.stdout.readline() for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
        heard += (await writer.stdout.read()).splitlines(keepends=True)
        await writer.wait()
        pairs = {int(line) for line in heard if line.endswith(b"\n")}
        assert len(pairs) >= acknowledged

        store = await open_store(url)
        stored = {row.id for row in await store.rows(ALL_BOXES)}
        await store.submit(add_box(1))
        await store.close()

    assert {n for pair in pairs for n in (2 * pair, 2 * pair + 1)} <= stored
    assert all(id ^ 1 in stored for id in stored), "half of a pair is stored"


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_url("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """An operator's connection to the database that `store` uses."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await open_store(url)
    yield opened
    await opened.close()


_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def _end_sessions(database: asyncpg.Connection[asyncpg.Record]) -> int:
    ended = await database.fetchval(f"SELECT COUNT(pg_terminate_backend(pid, 5000)) {_OTHERS}")
    return int(ended)


async def _until_locked(database: asyncpg.Connection[asyncpg.Record]) -> None:
    """Until a session of the store waits for a lock."""
    waiting = f"SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid {_OTHERS})"
    async with asyncio.timeout(20):
        while not await database.fetchval(f"SELECT ({waiting}) FROM pg_stat_clear_snapshot()"):
            pass


async def test_ended_sessions_are_replaced_without_anyone_noticing(
    store: Store, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    for id in range(1, 6):
        await store.submit(add_box(id).add(TAKE, id, 0, expect=0))
        assert await _end_sessions(database) >= 1
        assert await store.rows(BOX, id) == [box(id)]


async def test_a_session_that_ends_within_a_transaction_runs_it_again(
    store: Store, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    await store.submit(shop(1, capacity=10))
    lock = database.transaction()
    await lock.start()
    await database.execute("UPDATE test_shop SET used = 3 WHERE id = 1")
    taking = [asyncio.create_task(store.submit(add_box(n).add(TAKE, 1, n))) for n in (1, 2)]
    await _until_locked(database)
    await _end_sessions(database)
    await _until_locked(database)
    await lock.commit()

    assert await asyncio.gather(*taking) == [[1, 1], [1, 1]]
    assert (await store.rows(SHOP, 1))[0].used == 6
    assert [row.id for row in await store.rows(ALL_BOXES)] == [1, 2]


async def test_the_victim_of_a_deadlock_runs_again(store: Store, database: asyncpg.Connection[asyncpg.Record]) -> None:
    await store.submit(shop(1, capacity=10))
    await store.submit(shop(2, capacity=10))
    await database.execute("SET deadlock_timeout = '20s'")  # so that the store's session is the one that gives way
    other = database.transaction()
    await other.start()
    await database.execute("UPDATE test_shop SET used = used + 1 WHERE id = 2")
    taking = asyncio.create_task(store.submit(TxnSpec("takeBoth").add(TAKE, 1, 5).add(TAKE, 2, 5)))
    await _until_locked(database)
    await database.execute("UPDATE test_shop SET used = used + 1 WHERE id = 1")  # passes only when the store gave way
    await other.commit()

    assert await taking == [1, 1]
    assert [(await store.rows(SHOP, id))[0].used for id in (1, 2)] == [6, 6]


async def test_a_row_that_postgresql_cannot_take_leaves_the_crowd_alone(tmp_path: Path) -> None:
    async with fresh_store("postgresql", tmp_path) as store:
        crowd = [add_box(id) for id in range(1, 60)]
        crowd[7] = add_box(8, label="no\0text")
        crowd[30] = add_box(31, weight="heavy")
        crowd[45] = add_box(1 << 70)

        outcomes = await asyncio.gather(*(store.submit(txn) for txn in crowd), return_exceptions=True)

        refused = {place for place, outcome in enumerate(outcomes) if isinstance(outcome, StatementError)}
        assert refused == {7, 30, 45}
        stored = {row.id for row in await store.rows(ALL_BOXES)}
        assert stored == set(range(1, 60)) - {8, 31, 46}


async def test_while_postgresql_is_away_requests_are_told_and_afterwards_served() -> None:
    with own_cluster() as server:
        store = await open_store(server.url(await server.fresh()))
        ids = await RowIds(store).open("zone")
        server.stop()

        with pytest.raises(StoreUnavailableError, match="PostgreSQL"):
            await store.submit(TxnSpec("lease").add(LEASE, "zone", ID_BLOCK + 1, ID_BLOCK + 2))
        with pytest.raises(StoreUnavailableError, match="PostgreSQL"):
            await ids.open("pod")

        server.start()
        assert await store.submit(TxnSpec("lease").add(LEASE, "zone", ID_BLOCK + 1, ID_BLOCK + 2)) == [1]
        assert (await ids.open("pod")).next("pod") == 1
        await store.close()


async def test_a_full_disk_refuses_what_it_cannot_store_and_nothing_else(tmp_path: Path) -> None:
    async with fresh_url("sqlite", tmp_path) as url:
        store = await open_store(url)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        room = (tmp_path / "lakh.db").stat().st_size + 2_000_000
        # A file may not grow beyond this: writing fails as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            outcomes = await asyncio.gather(
                *(store.submit(add_box(id, label=f"{id}" + "x" * 1000)) for id in range(1, 2001)),
                return_exceptions=True,
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        stored = {row.id for row in await store.rows(ALL_BOXES)}
        refused = [outcome for outcome in outcomes if not isinstance(outcome, list)]
        assert stored
        assert refused
        assert all(isinstance(outcome, StoreUnavailableError) and "disk" in outcome.text for outcome in refused)
        assert stored == {id for id, outcome in enumerate(outcomes, 1) if isinstance(outcome, list)}

        await store.submit(add_box(5000))
        assert await store.rows(BOX, 5000) == [box(5000)]
        await store.close()


async def test_a_store_in_memory_is_copied_with_what_it_holds() -> None:
    template = InlineStore.fresh()
    await template.submit(add_box(1, label="seeded"))
    first, second = template.copy(), template.copy()

    await first.submit(add_box(2))

    assert await first.rows(ALL_BOXES) == [box(1, label="seeded"), box(2)]
    assert await second.rows(ALL_BOXES) == await template.rows(ALL_BOXES) == [box(1, label="seeded")]
    for store in (first, second, template):
        await store.close()
