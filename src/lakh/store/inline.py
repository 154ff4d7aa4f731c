"""A store in memory on the caller's own thread: the same SQL as on disk, for simulation and fast tests.

Nothing here depends on threads or time, so a run repeats exactly. Transactions submitted in one turn of the event loop
still commit as one group, and their submitters resume a turn later: races between flows that a real store would show,
this one shows too. `copy` clones a seeded store by SQLite's backup, in about a millisecond per megabyte.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from typing import Any, TypeVar

from lakh.base.limits import STORE_GROUP, STORE_QUEUE
from lakh.store.commit import Listeners, resolve
from lakh.store.counters import Counters, gauges
from lakh.store.ddl import create_statements
from lakh.store.sqlite_engine import Session, translated, typed
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import Follower, Listener, StoreUnavailableError
from lakh.store.table import TABLES, Row, Table

T = TypeVar("T", bound=Row)


class InlineStore:
    """A store in memory. Its connection belongs to the thread that made it."""

    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._session = Session(connection)
        self._listeners = Listeners()
        self._waiting: list[tuple[TxnSpec, asyncio.Future[list[int]]]] = []
        self._closed = False

    @classmethod
    def fresh(cls, tables: Iterable[Table] | None = None) -> InlineStore:
        """An empty store with the given tables, by default all that are declared so far."""
        connection = _connect()
        for text in create_statements(TABLES.values() if tables is None else tables):
            connection.execute(text)
        return cls(connection)

    def copy(self) -> InlineStore:
        """A store of its own with the committed content of this one."""
        connection = _connect()
        self._session.connection.backup(connection)
        return InlineStore(connection)

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        try:
            return self._session.select(statement, arguments)
        except (sqlite3.Error, OverflowError) as error:
            raise translated("read", statement.name, error) from error

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        return typed(query, await self.read(query.statement, *arguments))

    async def submit(self, txn: TxnSpec) -> list[int]:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        if len(self._waiting) >= STORE_QUEUE:
            raise StoreUnavailableError("too many transactions wait for the store; try again")
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._flush)
        future: asyncio.Future[list[int]] = loop.create_future()
        self._waiting.append((txn, future))
        return await future

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), STORE_GROUP):
            part = waiting[start : start + STORE_GROUP]
            group = [txn for txn, _ in part]
            outcomes = self._session.run_group(group)
            self._listeners.tell(group, outcomes)
            for (_, future), outcome in zip(part, outcomes, strict=True):
                resolve(future, outcome)

    def on_commit(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self._listeners.follow(table, follower)

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self._listeners.follow_others(table, follower, columns)

    def counters(self) -> dict[str, float]:
        return Counters.merged([self._session.counters])

    def gauges(self) -> dict[str, int]:
        return gauges(1, 0, 1, 0, len(self._waiting))

    async def close(self) -> None:
        if not self._closed:
            self._flush()
            self._closed = True
            self._session.close()


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
    connection.execute("PRAGMA case_sensitive_like = ON")
    connection.execute("PRAGMA secure_delete = OFF")
    return connection
