"""From a URL to a store, and what happens when the folder is taken or the file is no store."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from tests.postgresql import cluster
from tests.store.stock import BOX, add_box, box
from tests.stores import fresh_url

from lakh.base.limits import ID_BLOCK
from lakh.store.ids import RowIds
from lakh.store.opening import StoreUrlError, open_store
from lakh.store.statement import TxnSpec, statement
from lakh.store.store import StoreUnavailableError


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_what_was_written_is_there_after_opening_again(engine: str, tmp_path: Path) -> None:
    async with fresh_url(engine, tmp_path) as url:
        first = await open_store(url)
        await first.submit(add_box(1, label="kept"))
        await first.close()

        second = await open_store(url)

        assert await second.rows(BOX, 1) == [box(1, label="kept")]
        await second.close()


async def test_a_plain_path_is_a_file_in_a_folder_that_need_not_exist(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "data" / "deep" / "lakh.db")
    ids = await RowIds(store).open("zone")
    assert ids.next("zone") == 1
    secret = [f for f in (tmp_path / "data" / "deep").iterdir() if f.stat().st_mode & 0o077]
    assert not secret, "keys and passwords lie in the file and in its log"
    await store.close()

    again = await open_store(f"sqlite:///{tmp_path}/data/deep/lakh.db")

    assert (await RowIds(again).open("zone")).next("zone") == ID_BLOCK + 1
    await again.close()


async def test_a_second_server_on_one_file_is_told_who_has_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lakh.db"
    first = await open_store(url)

    with pytest.raises(StoreUnavailableError, match=r"in use by another server \(process \d+\)"):
        await open_store(url)

    await first.close()
    await (await open_store(url)).close()


async def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    file = tmp_path / "lakh.db"
    file.write_bytes(b"my diary, " * 1000)

    with pytest.raises(StoreUnavailableError, match="not an SQLite database"):
        await open_store(file)

    assert file.read_bytes() == b"my diary, " * 1000


@pytest.mark.parametrize("url", ["mysql://root@localhost/cloud", "oracle://x"])
async def test_an_unknown_engine_is_told_what_is_known(url: str) -> None:
    with pytest.raises(StoreUrlError, match=r"sqlite:///path"):
        await open_store(url)


async def test_an_unreachable_postgresql_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="PostgreSQL cannot be reached"):
        await open_store(f"postgresql://lakh@/lakh?host={tmp_path}")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_store_of_a_newer_program_is_refused(engine: str, tmp_path: Path) -> None:
    async with fresh_url(engine, tmp_path) as url:
        store = await open_store(url)
        await store.submit(TxnSpec("age").add(statement("test.age", "UPDATE alembic_version SET version_num = '9999'")))
        await store.close()

        with pytest.raises(StoreUnavailableError, match="schema 9999"):
            await open_store(url)


async def test_a_current_store_opens_without_the_migration_tools(tmp_path: Path) -> None:
    async with fresh_url("sqlite", tmp_path) as url:
        program = (
            "import asyncio, sys\n"
            "from lakh.store.opening import open_store\n"
            f"asyncio.run(asyncio.wait_for(open_store({url!r}), 20))\n"
            "print(sorted({'alembic', 'sqlalchemy', 'asyncpg'} & set(sys.modules)))"
        )
        run = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
        said, _ = await run.communicate()
        assert (run.returncode, said.decode().strip()) == (0, "[]")


async def test_two_servers_that_start_at_once_on_an_empty_database_both_come_up() -> None:
    database = await cluster().fresh()
    try:
        stores = await asyncio.gather(*(open_store(cluster().url(database)) for _ in range(3)))
        dealt = [(await RowIds(store).open("zone")).next("zone") for store in stores]
        assert len(set(dealt)) == 3
        await asyncio.gather(*(store.close() for store in stores))
    finally:
        await cluster().drop(database)
