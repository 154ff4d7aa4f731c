"""The production store: PostgreSQL through asyncpg.

*Writes.* FLUSHERS tasks with a connection each take whatever TxnSpecs wait and commit them as one engine transaction,
folded as `postgresql_batch` tells. There is no timer: a lone transaction goes at once as prepared single statements, a
crowd that gathered behind a commit goes together. The second flusher starts only behind a long queue, because two
batches at once want the same rows; a crowd is then shared between both, so that one's batch is made here while the
engine is at the other's.

*Failures.* Steps whose guards failed are known by name, so their TxnSpecs are set aside, the batch runs again without
them, and they run alone afterwards to get their own verdict. Where the engine does not say who was at fault (a unique
index), the batch is halved until one is left. Deadlocks and serialization failures run again. A connection that breaks
before COMMIT was sent is replaced and the batch runs again; if it breaks during COMMIT nobody can tell, and the
submitters get StoreUnavailableError. A server that hangs is found out while it says nothing (`postgresql_watch`).

*Reads.* The other connections of the pool, one query each at a time; a read on a broken connection is tried once more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from itertools import starmap
from time import perf_counter
from typing import Any, Final, TypeVar

from lakh.base.errors import LakhError
from lakh.base.limits import PG_CONNECTIONS, STORE_GROUP, STORE_QUEUE
from lakh.base.log import logger
from lakh.store.commit import Listeners, Outcome, resolve
from lakh.store.counters import Counters, gauges
from lakh.store.postgresql_batch import Folding
from lakh.store.postgresql_connection import ConnectionLostError, Pool, RetryableError, translated
from lakh.store.postgresql_watch import Watch
from lakh.store.postgresql_writer import Writer
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import Follower, Listener, StoreUnavailableError
from lakh.store.table import Row

T = TypeVar("T", bound=Row)

FLUSHERS: Final = 2
SECOND_FLUSHER_FROM: Final = 32  # waiting transactions; 256 left the second core idle at 400 in flight
CROWD: Final = 2 * SECOND_FLUSHER_FROM + 2  # waiting transactions that both flushers share

_log = logger("store.postgresql")


class PostgresqlStore:
    """One PostgreSQL database. Made and used on one event loop."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        """`url` leads to a database whose schema is current."""
        self._watch = Watch(url)
        self._watching = asyncio.create_task(self._watch.run(), name="store-watch")
        self._pool = Pool(self._watch.connect, PG_CONNECTIONS - FLUSHERS)
        foldings: dict[Statement, Folding | None] = {}
        self._writers = [Writer(self._watch.connect, foldings) for _ in range(FLUSHERS)]
        self._read_counters = Counters()
        self.listeners = Listeners()
        self._queue: deque[tuple[TxnSpec, asyncio.Future[list[int]]]] = deque()
        self._wanted = [asyncio.Event() for _ in range(FLUSHERS)]
        self._committing = self._writing = 0
        self._closed = False
        self._under_way: list[asyncio.Future[None] | None] = [None] * FLUSHERS
        self._flushers = [
            asyncio.create_task(self._flush(number), name=f"store-flusher-{number}") for number in range(FLUSHERS)
        ]

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(record) for record in await self._fetch(statement, arguments)]

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        return list(starmap(query.row, await self._fetch(query.statement, arguments)))

    async def _fetch(self, statement: Statement, arguments: tuple[Any, ...]) -> list[Any]:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        for attempt in (1, 2):
            try:
                return await self._fetch_once(statement, arguments)
            except (ConnectionLostError, RetryableError) as error:
                self._pool.drop_idle()
                if attempt == 2:
                    raise StoreUnavailableError(f"PostgreSQL did not answer: {error}") from error
        raise AssertionError

    async def _fetch_once(self, statement: Statement, arguments: tuple[Any, ...]) -> list[Any]:
        connection = await self._pool.take()
        started = perf_counter()
        try:
            found = await connection.fetch(statement.text, arguments)
        except Exception as error:
            failure = translated("read", statement.name, error)
            if isinstance(failure, ConnectionLostError):
                connection.drop()
            raise failure from error
        finally:
            self._pool.give(connection)
        counters = self._read_counters
        counters.read_statements += 1
        counters.statements += 1
        counters.count(statement.name, perf_counter() - started)
        return found

    async def submit(self, txn: TxnSpec) -> list[int]:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        waiting = len(self._queue)
        if waiting >= STORE_QUEUE:
            raise StoreUnavailableError("too many transactions wait for the store; try again")
        future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._queue.append((txn, future))
        if waiting == 0:
            self._wanted[0].set()
        elif waiting >= SECOND_FLUSHER_FROM:
            self._wanted[1].set()
        return await future

    async def _flush(self, number: int) -> None:
        wanted, writer = self._wanted[number], self._writers[number]
        while True:
            if len(self._queue) <= number * SECOND_FLUSHER_FROM:
                if self._closed:
                    return
                wanted.clear()
                await wanted.wait()
                continue
            taken = [self._queue.popleft() for _ in range(self._share())]
            group = [txn for txn, _ in taken]
            outcomes: list[Outcome]
            self._committing += len(group)
            self._writing += 1
            told = self._under_way[number] = asyncio.get_running_loop().create_future()
            try:
                outcomes = await writer.commit(group)
            except Exception as error:
                _log.exception("batch failed")
                outcomes = [LakhError(f"the store failed: {error!r}")] * len(group)
            finally:
                self._committing -= len(group)
                self._writing -= 1
            self.listeners.tell(group, outcomes)
            told.set_result(None)
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                resolve(future, outcome)

    def _share(self) -> int:
        """How many of those that wait the next batch takes: half of a crowd where nobody else is at it, for the other
        flusher to take the rest. Else all would go together for ever, and engine and client take turns."""
        waiting = len(self._queue)
        if waiting >= CROWD and not self._writing:
            waiting = -(-waiting // FLUSHERS)
        return min(STORE_GROUP, waiting)

    async def settled(self) -> None:
        """Returns once everything that may be committed by now has been told to listeners and others."""
        await asyncio.gather(*(told for told in self._under_way if told is not None))

    def on_commit(self, listener: Listener) -> None:
        self.listeners.add(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self.listeners.follow(table, follower)

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self.listeners.follow_others(table, follower, columns)

    def counters(self) -> dict[str, float]:
        """As `Store.counters` promises, and `round_trips`: what the writers sent, folded statements counting once."""
        total = Counters.merged([self._read_counters, *(writer.counters for writer in self._writers)])
        total["round_trips"] = sum(writer.round_trips for writer in self._writers) + total["read_statements"]
        return total

    def gauges(self) -> dict[str, int]:
        """The pool's connections and the writers'; a writer is busy while a batch of its is under way."""
        opened, busy, waiting = self._pool.gauges()
        opened += sum(writer.connected for writer in self._writers)
        return gauges(opened, busy + self._writing, PG_CONNECTIONS, waiting, len(self._queue) + self._committing)

    async def close(self) -> None:
        """Commits what waits, then ends the connections."""
        if self._closed:
            return
        self._closed = True
        for wanted in self._wanted:
            wanted.set()
        await asyncio.gather(*self._flushers)
        self._watching.cancel()
        for writer in self._writers:
            await writer.close()
        await self._pool.close()
