"""PostgreSQL connections as the store needs them: how they are opened, what their errors mean, and who has which."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import perf_counter
from typing import Any, Final, TypeVar

import asyncpg
from asyncpg import exceptions as pg

from lakh.base.errors import LakhError
from lakh.base.limits import STORE_QUEUE
from lakh.store.store import DuplicateError, StatementError, StoreUnavailableError

T = TypeVar("T")

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 60.0
CACHED_STATEMENTS: Final = 1024  # per connection; the product declares some hundreds

SETTINGS: Final = {
    "jit": "off",  # compiles for tens of milliseconds what runs in one
    "idle_in_transaction_session_timeout": "10s",  # a server that froze must not keep its row locks
    "lock_timeout": "20s",
}
_BY_KEY: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


class ConnectionLostError(LakhError):
    """The connection broke, or leads to a server that cannot take part; another one may work."""


class RetryableError(LakhError):
    """The engine undid the transaction for the sake of others; run again it may pass."""


def translated(label: str, statement: str, error: Exception) -> LakhError:
    """The store's own error for one of the driver's."""
    if isinstance(error, LakhError):
        return error
    if isinstance(error, pg.UniqueViolationError):
        return DuplicateError(label, statement, error.constraint_name or "")
    if isinstance(error, (pg.TransactionRollbackError, pg.LockNotAvailableError)):
        return RetryableError(str(error))
    if isinstance(error, pg.QueryCanceledError):
        return StoreUnavailableError("the store took too long to answer")
    if isinstance(error, pg.DiskFullError):
        return StoreUnavailableError("the disk of the PostgreSQL server is full: free some space, then try again")
    if isinstance(error, (pg.InsufficientResourcesError, pg.PostgresSystemError)):
        return StoreUnavailableError(f"PostgreSQL is in trouble: {error}")
    lost = (OSError, TimeoutError, pg.PostgresConnectionError, pg.OperatorInterventionError, pg.InternalClientError)
    if isinstance(error, (*lost, pg.ReadOnlySQLTransactionError)):
        return ConnectionLostError(str(error) or type(error).__name__)
    if isinstance(error, pg.InterfaceError) and "closed" in str(error):
        return ConnectionLostError(str(error))
    return StatementError(label, statement, str(error))


def _number(text: str) -> int | float:
    """SUM of a BIGINT is a NUMERIC there and an integer on SQLite: whole numbers come back as int on both."""
    return float(text) if "." in text or "N" in text else int(text)


async def connect(url: str, *, name: str = "lakh") -> Connection:
    """A new connection; `name` is its session's application_name. Raises StoreUnavailableError."""
    raw = None
    try:
        raw = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=CACHED_STATEMENTS,
            max_cached_statement_lifetime=0,
            server_settings={**SETTINGS, "application_name": name},
        )
        async with asyncio.timeout(CONNECT_SECONDS):
            await raw.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")
    except (OSError, TimeoutError, pg.PostgresError, pg.InterfaceError, ValueError) as error:
        if raw is not None:
            raw.terminate()
        raise StoreUnavailableError(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from error
    return Connection(raw, name)


class Connection:
    """One connection in the hands of one task at a time. Methods raise the driver's errors; see `translated`.

    `since` is when the statement went out whose answer is waited for, by `perf_counter`; 0 where there is none.
    """

    __slots__ = ("_raw", "name", "since")

    def __init__(self, raw: asyncpg.Connection[asyncpg.Record], name: str) -> None:
        self._raw = raw
        self.name = name
        self.since = 0.0

    @property
    def broken(self) -> bool:
        return self._raw.is_closed()

    async def _answer(self, answer: Awaitable[T]) -> T:
        self.since = perf_counter()
        try:
            return await answer
        finally:
            self.since = 0.0

    async def fetch(self, text: str, arguments: Sequence[Any]) -> list[asyncpg.Record]:
        return await self._answer(self._raw.fetch(text, *arguments))

    async def execute(self, text: str, arguments: Sequence[Any]) -> int:
        """Runs a write and returns how many rows it changed."""
        status = await self._answer(self._raw.execute(text, *arguments))
        return int(status.rpartition(" ")[2])

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Stores rows by COPY, which takes a third of what an INSERT costs either side, and returns how many."""
        status = await self._answer(self._raw.copy_records_to_table(table, columns=columns, records=rows))
        return int(status.rpartition(" ")[2])

    async def parameter_types(self, text: str) -> tuple[str, ...]:
        """The engine's names of the types of `$1`, `$2`, …"""
        prepared = await self._answer(self._raw.prepare(text))
        return tuple(kind.name for kind in prepared.get_parameters())

    async def begin(self, *, by_key: bool = False) -> None:
        """Begins a transaction; `by_key` says that its statements join by key, whatever the planner thinks."""
        await self._answer(self._raw.execute(f"BEGIN; {_BY_KEY}" if by_key else "BEGIN"))

    async def commit(self) -> None:
        if await self._answer(self._raw.execute("COMMIT")) != "COMMIT":
            raise ConnectionLostError("the transaction was undone before its COMMIT")

    async def rollback(self) -> None:
        await self._answer(self._raw.execute("ROLLBACK"))

    async def prepared_by(self, work: Callable[[asyncpg.Connection[asyncpg.Record]], Awaitable[None]]) -> None:
        """Lends the driver's connection to what prepares a database: migrations, planner statistics."""
        await work(self._raw)

    def drop(self) -> None:
        """Ends the connection without a word to the server."""
        if not self._raw.is_closed():
            self._raw.terminate()

    async def close(self) -> None:
        try:
            await self._raw.close(timeout=2)
        except (OSError, TimeoutError, pg.PostgresError, pg.InterfaceError):
            self._raw.terminate()


Connect = Callable[[], Awaitable[Connection]]
"""Opens a connection; raises StoreUnavailableError."""


class Pool:
    """At most `size` connections, opened when wanted by `connect`, handed out first come first served."""

    def __init__(self, connect: Connect, size: int) -> None:
        self._connect = connect
        self._size = size
        self._open = 0
        self._idle: list[Connection] = []
        self._wanting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def take(self) -> Connection:
        """A connection, which `give` must take back. Raises StoreUnavailableError."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.broken:
                return connection
            self._open -= 1
        if self._open >= self._size:
            if len(self._wanting) >= STORE_QUEUE:
                raise StoreUnavailableError("too many reads wait for the store; try again")
            given = await self._wait()
            if given is not None:
                return given
        else:
            self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._lost()
            raise

    async def _wait(self) -> Connection | None:
        """A connection, or None where its place is free for a new one."""
        future: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._wanting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                given = future.result()
                if given is None:
                    self._lost()
                else:
                    self.give(given)
            else:
                self._wanting.remove(future)
            raise

    def give(self, connection: Connection) -> None:
        """Takes a connection back; a broken one leaves its place to the next who wants one."""
        if connection.broken or self._closed:
            connection.drop()
            self._lost()
        elif (next_one := self._next()) is not None:
            next_one.set_result(connection)
        else:
            self._idle.append(connection)

    def gauges(self) -> tuple[int, int, int]:
        """Connections that are open, those handed out, and who waits for one."""
        return self._open, self._open - len(self._idle), len(self._wanting)

    def _lost(self) -> None:
        if (next_one := self._next()) is not None:
            next_one.set_result(None)
        else:
            self._open -= 1

    def _next(self) -> asyncio.Future[Connection | None] | None:
        while self._wanting:
            future = self._wanting.popleft()
            if not future.done():
                return future
        return None

    def drop_idle(self) -> None:
        """Ends the idle connections: after one broke, the others likely lead to the same dead server."""
        for connection in self._idle:
            connection.drop()
            self._open -= 1
        self._idle.clear()

    async def close(self) -> None:
        """Ends the idle connections now, the others when they are given back."""
        self._closed = True
        for connection in self._idle:
            await connection.close()
        self._open -= len(self._idle)
        self._idle.clear()
