"""Storing a stream of transactions as fast as the store takes them, with a bounded number under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from lakh.store.statement import TxnSpec
from lakh.store.store import Store

UNDER_WAY: Final = {"sqlite": 64, "postgresql": 48}
"""PostgreSQL folds equal statements of transactions that wait together; SQLite has one writer thread to keep busy."""
ROWS_AT_ONCE: Final = {"sqlite": 8, "postgresql": 50}
"""SQLite undoes by a journal of pages, whose end each statement looks for: the more a savepoint holds, the longer."""


async def write(store: Store, txns: Iterable[tuple[int, TxnSpec]], advance: Callable[[int], None]) -> None:
    """Stores all of them, in no particular order. Raises what `submit` raises."""
    waiting: set[asyncio.Task[list[int]]] = set()
    most = UNDER_WAY[store.dialect]
    for done, txn in txns:
        waiting.add(asyncio.create_task(store.submit(txn)))
        if len(waiting) >= most:
            ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            advance(done)
    for task in waiting:
        await task


async def write_all(store: Store, txns: Iterable[TxnSpec]) -> None:
    """As `write`, without progress."""
    await write(store, enumerate(txns), lambda _: None)
