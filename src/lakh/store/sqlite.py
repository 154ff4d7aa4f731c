"""The embedded store: SQLite in one file, nothing to install.

*Writes.* One connection writes (many writers on one file wait for each other: p99 3 s at 50). It takes whatever waits,
up to STORE_GROUP TxnSpecs, and commits them as one engine transaction, so one fsync serves all of them; their
statements run on the loop, the commit in a thread (`sqlite_writer`). Listeners hear of a group first, submitters after.

*Durability.* WAL with synchronous=FULL: a transaction that returned survives a power cut. Group commit makes that cost
about a tenth. The log is folded into the file every WAL_CHECKPOINT_PAGES by the writer itself; a reader that stays long
can keep the log from starting anew, so past WAL_BYTES_MAX the writer waits for readers and restarts it.

*Reads.* A hop to a thread and back costs several times a lookup by key, and more while the loop is busy, because the
thread must win the interpreter lock twice. So a read runs at once, on a connection that the loop owns, within
DIRECT_READ_SECONDS: a progress handler stops it there, and it starts again in one of STORE_READERS threads. A statement
that was stopped goes to the threads from the start until it has been fast there for a while. Rows are read from
committed data only, so a read after `submit` sees what was submitted, on either path.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, Final, TypeVar

from lakh.base.limits import STATEMENTS_PREPARED, STORE_QUEUE, STORE_READERS
from lakh.base.log import logger
from lakh.store.commit import Listeners, Outcome, resolve
from lakh.store.counters import Counters, gauges
from lakh.store.sqlite_engine import Session, translated, typed
from lakh.store.sqlite_writer import Waiting, Writer, log_bytes
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import Follower, Listener, StoreUnavailableError
from lakh.store.table import Row

T = TypeVar("T", bound=Row)

WAL_CHECKPOINT_PAGES: Final = (
    10_000  # 40 MB: fewer, longer checkpoints; 40,000 gives a fifth more writes and p99 170 ms
)
WAL_BYTES_MAX: Final = 256 * 1024 * 1024
BUSY_MS: Final = 10_000  # how long a connection waits for another program's lock on the file
RESTART_WAIT_MS: Final = 200  # how long all writes wait for readers of an overgrown log
DIRECT_READ_SECONDS: Final = 0.001  # of processor: on a busy machine any read takes that long by the clock now and then
WAITED_SECONDS: Final = 0.01  # by the clock
DIRECT_READ_STEPS: Final = 1000  # engine steps (some tens of microseconds) between two looks at the clock
FAST_READS_TO_RETURN: Final = 64  # reads below DIRECT_READ_SECONDS / 2 in a row until a statement may run on the loop

_log = logger("store.sqlite")


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection as the store needs it. Raises sqlite3.Error where the file cannot be opened."""
    connection = sqlite3.connect(
        path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    pragmas = ["case_sensitive_like = ON", "temp_store = MEMORY", "mmap_size = 2147418112"]
    if writing:
        pragmas += [
            "auto_vacuum = NONE",
            "journal_mode = WAL",
            "synchronous = FULL",
            f"wal_autocheckpoint = {WAL_CHECKPOINT_PAGES}",
            f"journal_size_limit = {WAL_BYTES_MAX}",
            "cache_size = -65536",
            "secure_delete = OFF",
        ]
    else:
        pragmas += ["query_only = ON", "cache_size = -8192"]
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


class SqliteStore:
    """One open SQLite file. Made and used on one event loop."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, release: Callable[[], None] | None = None) -> None:
        """Opens the file, whose schema must be current. `release` is called at the end of `close`."""
        self._path = path
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(connect(path, writing=True), self._committed, self._cap_log, BUSY_MS)
        self._direct = _DirectReader(path)
        self._readers = _Readers(path)
        self._listeners = Listeners()
        self._waiting = 0
        self._closed = False

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        try:
            if not self._readers.wanted_for(statement):
                found = self._direct.select(statement, arguments)
                if found is not None:
                    return found
                self._readers.want(statement)
            return await self._readers.select(self._loop, statement, arguments)
        except (sqlite3.Error, OverflowError) as error:
            raise translated("read", statement.name, error) from error

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        return typed(query, await self.read(query.statement, *arguments))

    async def submit(self, txn: TxnSpec) -> list[int]:
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        if self._waiting >= STORE_QUEUE:
            raise StoreUnavailableError("too many transactions wait for the store; try again")
        future: asyncio.Future[list[int]] = self._loop.create_future()
        self._waiting += 1
        self._writer.put(txn, future)
        return await future

    def on_commit(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self._listeners.follow(table, follower)

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self._listeners.follow_others(table, follower, columns)

    def counters(self) -> dict[str, float]:
        return Counters.merged(
            [self._writer.session.counters, self._direct.session.counters, *self._readers.counters()]
        )

    def gauges(self) -> dict[str, int]:
        """The writer, the loop's own connection, and a reader thread's each; transactions keep the writer busy."""
        opened, busy, waiting = self._readers.gauges()
        writing = 1 if self._waiting else 0
        return gauges(2 + opened, busy + writing, 2 + STORE_READERS, waiting, self._waiting)

    async def close(self) -> None:
        """Commits what waits, folds the log into the file, ends the threads."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await asyncio.to_thread(self._readers.close)
        self._direct.session.close()
        if self._release is not None:
            self._release()

    def _cap_log(self) -> None:
        """Starts a log anew that outgrew WAL_BYTES_MAX, unless a reader still needs it; then the next try does."""
        size = log_bytes(self._path)
        if size <= WAL_BYTES_MAX:
            return
        started = perf_counter()
        connection = self._writer.session.connection
        try:
            connection.execute(f"PRAGMA busy_timeout = {RESTART_WAIT_MS}")
            busy = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]
            connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error as error:
            _log.warning("log not restarted", error=str(error))
            return
        _log.info("log restarted", bytes=size, busy=busy, seconds=round(perf_counter() - started, 3))

    def _committed(self, group: list[Waiting], outcomes: list[Outcome]) -> None:
        self._waiting -= len(group)
        self._listeners.tell([txn for txn, _ in group], outcomes)
        for (_, future), outcome in zip(group, outcomes, strict=True):
            resolve(future, outcome)


class _DirectReader:
    """The loop's own connection: reads that end within DIRECT_READ_SECONDS."""

    __slots__ = ("_began", "_used", "session")

    def __init__(self, path: Path) -> None:
        connection = connect(path, writing=False)
        connection.execute("PRAGMA busy_timeout = 0")
        connection.set_progress_handler(self._late, DIRECT_READ_STEPS)
        self.session = Session(connection)
        self._began = self._used = 0.0

    def _late(self) -> bool:
        seconds = perf_counter() - self._began
        if seconds < DIRECT_READ_SECONDS:
            return False
        return seconds > WAITED_SECONDS or thread_time() - self._used > DIRECT_READ_SECONDS

    def select(self, statement: Statement, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]] | None:
        """The rows, or None where the read took too long or had to wait for a lock."""
        self._began, self._used = perf_counter(), thread_time()
        try:
            return self.session.select(statement, arguments)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY):
                return None
            raise


class _Readers:
    """Threads with a connection each, for reads too long for the loop; and which statements those are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._sessions: list[Session] = []
        self._fast_reads: dict[Statement, int] = {}
        self._under_way = 0
        self._threads = ThreadPoolExecutor(STORE_READERS, thread_name_prefix="store-reader")

    def wanted_for(self, statement: Statement) -> bool:
        return statement in self._fast_reads

    def want(self, statement: Statement) -> None:
        if len(self._fast_reads) >= STATEMENTS_PREPARED:
            self._fast_reads.clear()  # each that is still slow comes back with its next read
        self._fast_reads[statement] = 0

    async def select(
        self, loop: asyncio.AbstractEventLoop, statement: Statement, arguments: tuple[Any, ...]
    ) -> list[tuple[Any, ...]]:
        self._under_way += 1
        try:
            found, seconds, used = await loop.run_in_executor(self._threads, self._select, statement, arguments)
        finally:
            self._under_way -= 1
        if used > DIRECT_READ_SECONDS / 2 or seconds > WAITED_SECONDS:
            self._fast_reads[statement] = 0
        elif (fast := self._fast_reads.get(statement, 0) + 1) < FAST_READS_TO_RETURN:
            self._fast_reads[statement] = fast
        else:
            self._fast_reads.pop(statement, None)
        return found

    def _select(self, statement: Statement, arguments: tuple[Any, ...]) -> tuple[list[tuple[Any, ...]], float, float]:
        """The rows, the seconds by the clock, and those of processor."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = Session(connect(self._path, writing=False))
            self._sessions.append(session)
        started, used = perf_counter(), thread_time()
        return session.select(statement, arguments), perf_counter() - started, thread_time() - used

    def gauges(self) -> tuple[int, int, int]:
        """Connections that are open, those at work, and reads that wait for one."""
        busy = min(self._under_way, STORE_READERS)
        return len(self._sessions), busy, self._under_way - busy

    def counters(self) -> list[Counters]:
        return [session.counters for session in self._sessions]

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        for session in self._sessions:
            session.close()
