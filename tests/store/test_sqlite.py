"""What only the SQLite store must do: keep the loop free, keep the log small."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store.stock import BOX, COUNT, RELABEL, add_box
from tests.stores import fresh_url

from lakh.store.opening import open_store
from lakh.store.sqlite import SqliteStore
from lakh.store.sqlite_writer import QUICK_TO_RETURN
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import Store

SLOW = statement(
    "test_box.slow",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT COUNT(*) FROM n",
)


COUNT_UP = statement(
    "test_box.count_up",
    "UPDATE test_box SET label = this_thread() WHERE id = $1 AND 0 <"
    " (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT COUNT(*) FROM n)",
)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_url("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqliteStore]:
    opened = await open_store(url)
    assert isinstance(opened, SqliteStore)
    yield opened
    await opened.close()


async def test_a_long_read_leaves_the_loop_free_and_a_short_one_is_answered_meanwhile(store: Store) -> None:
    await store.submit(add_box(1))
    long = asyncio.create_task(store.read(SLOW, 1_000_000))
    turns = 0
    while not long.done():
        await asyncio.sleep(0)
        if not long.done():
            assert len(await store.rows(BOX, 1)) == 1
            turns += 1

    assert await long == [(1_000_000,)]
    assert turns > 20
    assert await store.read(SLOW, 5) == [(5,)]


async def test_a_transaction_found_to_be_long_runs_beside_the_loop_until_it_is_quick_again(store: SqliteStore) -> None:
    await store.submit(add_box(1))
    connection = store._writer.session.connection
    connection.create_function("this_thread", 0, lambda: threading.current_thread().name)

    async def ran_in(steps: int) -> str | None:
        await store.submit(TxnSpec("count").add(COUNT_UP, 1, steps))
        return (await store.rows(BOX, 1))[0].label

    assert await ran_in(1_000_000) == threading.main_thread().name, "nobody could know"
    assert await ran_in(1_000_000) == "store-writer"
    assert {await ran_in(1) for _ in range(QUICK_TO_RETURN)} == {"store-writer"}
    assert await ran_in(1) == threading.main_thread().name


async def test_another_program_that_writes_is_waited_for_beside_the_loop(store: Store, tmp_path: Path) -> None:
    await store.submit(add_box(1))
    other = sqlite3.connect(tmp_path / "lakh.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.create_task(store.submit(add_box(n))) for n in (2, 3)]
    for _ in range(100):
        await asyncio.sleep(0)
        assert len(await store.rows(BOX, 1)) == 1
    assert not any(task.done() for task in waiting)
    other.execute("COMMIT")
    assert await asyncio.gather(*waiting) == [[1], [1]]
    other.close()
    assert await store.submit(add_box(4)) == [1]


async def test_many_long_reads_share_the_reader_threads(store: Store) -> None:
    assert await asyncio.gather(*(store.read(SLOW, 20_000 + n) for n in range(12))) == [
        [(20_000 + n,)] for n in range(12)
    ]


async def test_an_overgrown_log_starts_anew_once_no_reader_needs_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 500_000
    monkeypatch.setattr("lakh.store.sqlite.WAL_BYTES_MAX", limit)
    monkeypatch.setattr("lakh.store.sqlite.WAL_CHECKPOINT_PAGES", 1_000_000)
    monkeypatch.setattr("lakh.store.sqlite.RESTART_WAIT_MS", 1)
    store = await open_store(url)
    log = tmp_path / "lakh.db-wal"
    await store.submit(add_box(1, label="0"))
    reader = sqlite3.connect(tmp_path / "lakh.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT label FROM test_box").fetchone() == ("0",)

    async def write(times: int) -> None:
        for n in range(times):
            await store.submit(TxnSpec("relabel").add(RELABEL, 1, f"{n}" * 300))

    await write(400)
    with_reader = log.stat().st_size
    assert with_reader > limit * 2
    assert reader.execute("SELECT label FROM test_box").fetchone() == ("0",)
    reader.execute("COMMIT")
    await write(128)
    assert log.stat().st_size <= with_reader + limit  # the log was begun again, not lengthened by 128 commits more
    grown = log.stat().st_size
    await write(256)
    assert log.stat().st_size <= grown

    reader.close()
    assert await store.read(COUNT, 0) == [(1, 1)]
    await store.close()
