"""Moves what triggers queued of new and changed texts into SQLite's index of trigrams (`store/search.py`).

What waits is found all the same, by a pass over the queue; so there is no hurry, and few rows are left to wait.
"""

from __future__ import annotations

from typing import ClassVar

from lakh.base import limits
from lakh.healing.reconciler import Reconciler
from lakh.jobs.cloud import Cloud
from lakh.store.search import Moving, moving
from lakh.store.statement import TxnSpec
from lakh.store.table import TABLES


class SearchIndex(Reconciler):
    """A thousand rows at a time, each in a transaction of its own, so that others' commits wait for milliseconds."""

    name: ClassVar[str] = "search index"
    tables: ClassVar[frozenset[str]] = frozenset({"vm", "nic", "volume", "network", "host", "account"})

    def interval_seconds(self, cloud: Cloud) -> float:
        return 600.0

    async def run(self, cloud: Cloud) -> None:
        if cloud.store.dialect != "sqlite":
            return
        for each in movings():
            await move(cloud, each, limits.SEARCH_QUEUED, limits.SEARCH_QUEUED)


def movings() -> list[Moving]:
    """The queues of all tables that are searched."""
    ours = [table for table in TABLES.values() if table.row.__module__.startswith("lakh.")]
    return [moving(table.name, table.search) for table in ours if table.search is not None]


async def move(cloud: Cloud, each: Moving, at_once: int, least: int) -> None:
    """Moves rows of one table, `at_once` at a time, while `least` wait."""
    while (await cloud.store.read(each.waiting))[0][0] >= least:
        txn = TxnSpec("search.move")
        for step in (each.forget, each.fill, each.done):
            txn.add(step, at_once, expect=None)
        await cloud.store.submit(txn)
