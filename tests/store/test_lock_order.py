"""Several processes write to one PostgreSQL: who runs alone locks rows in the order of crowds, and none deadlock."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
from tests.store.stock import SHOP, TAKE, shop
from tests.stores import fresh_url

from lakh.lab.installation import until
from lakh.store.opening import open_store
from lakh.store.statement import TxnSpec

WAITS = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
SOON = "SET lock_timeout = '100ms'"


async def test_a_transaction_alone_takes_rows_by_key_and_holds_no_later_one_meanwhile(tmp_path: Path) -> None:
    async with fresh_url("postgresql", tmp_path) as url:
        store, other = await open_store(url), await asyncpg.connect(url)
        await store.submit(shop(1))
        await store.submit(shop(2))
        async with other.transaction():
            await other.execute("UPDATE test_shop SET used = used + 1 WHERE id = 1")
            taking = asyncio.create_task(store.submit(TxnSpec("take").add(TAKE, 2, 3).add(TAKE, 1, 4)))

            async def waits() -> bool:
                return bool(await other.fetchval(WAITS))

            await until(waits, 30.0, "nobody waits for the row")
            await other.execute(SOON)
            await other.execute("UPDATE test_shop SET used = used + 1 WHERE id = 2")
        assert await taking == [1, 1]
        assert [(await store.rows(SHOP, number))[0].used for number in (1, 2)] == [5, 4]
        await other.close()
        await store.close()
