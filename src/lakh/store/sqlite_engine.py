"""SQLite's half of the dialect: texts, arguments, errors, and how a group of transactions runs on one connection.

Statements are written for PostgreSQL. Four things differ here and all four are settled in `rewrite`, once per
statement: `$1` is `?1`; a cast of a placeholder (`$1::bigint`) is dropped; `= ANY($1)` over a list argument is a look
into `json_each`, and so is `<> ALL($1)`. LIKE is made case-sensitive as PostgreSQL's is, so that a pattern means the
same on both; text orders by bytes on both (`schema` declares the C collation there).

A group is one engine transaction with a savepoint around each TxnSpec: a guard that fails undoes its own TxnSpec and
leaves the others alone. Only when the engine itself gives the transaction up (disk full, I/O error) is all of it lost.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
from time import perf_counter
from typing import Any, Final, TypeVar

import msgspec

from lakh.base.errors import LakhError
from lakh.base.limits import STATEMENTS_PREPARED
from lakh.store.commit import Outcome
from lakh.store.counters import COMMIT, Counters
from lakh.store.statement import Query, Statement, TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError, StatementError, StoreUnavailableError
from lakh.store.table import TABLES, Row, bool_positions

T = TypeVar("T", bound=Row)


_PLACEHOLDER = re.compile(
    r"(?P<quoted>'(?:[^']|'')*')"
    r"|(?P<operator>=|<>)\s*(?P<quantor>ANY|ALL)\s*\(\s*\$(?P<list>\d+)(?:::[a-z]+\s*\[\])?\s*\)"
    r"|\$(?P<number>\d+)(?:::(?:double\s+precision|[a-z]+\d*))?",
    re.IGNORECASE,
)
_DML = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_UNIQUE_FAILED: Final = "UNIQUE constraint failed: "

_UNAVAILABLE: Final = {
    sqlite3.SQLITE_FULL: "the disk that holds the store is full: free some space, then try again",
    sqlite3.SQLITE_IOERR: "the disk that holds the store cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "the store's file cannot be opened",
    sqlite3.SQLITE_READONLY: "the store's file is read-only",
    sqlite3.SQLITE_PERM: "the store's file may not be accessed",
    sqlite3.SQLITE_NOMEM: "the store ran out of memory",
    sqlite3.SQLITE_BUSY: "another program holds the store's file locked",
    sqlite3.SQLITE_LOCKED: "another program holds the store's file locked",
    sqlite3.SQLITE_PROTOCOL: "another program holds the store's file locked",
    sqlite3.SQLITE_CORRUPT: "the store's file is damaged: restore it from a backup",
    sqlite3.SQLITE_NOTADB: "the store's file is not an SQLite database",
}


def rewrite(text: str) -> tuple[str, tuple[int, ...]]:
    """SQLite's form of a statement, and the positions (from 0) of the arguments that are lists."""
    lists: list[int] = []

    def replace(found: re.Match[str]) -> str:
        if found["quoted"]:
            return found["quoted"]
        if found["number"]:
            return f"?{found['number']}"
        every = found["quantor"].upper() == "ALL"
        if every != (found["operator"] == "<>"):
            raise ValueError(f"{found[0]!r}: lists are compared with = ANY or <> ALL only")
        lists.append(int(found["list"]) - 1)
        return f"{'NOT ' if every else ''}IN (SELECT value FROM json_each(?{found['list']}))"

    return _PLACEHOLDER.sub(replace, text), tuple(lists)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement as SQLite runs it. `dml` tells that the driver knows the row count without asking."""

    text: str
    lists: tuple[int, ...]
    dml: bool

    def arguments(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments with each list as JSON text."""
        if not self.lists:
            return given
        changed = list(given)
        for position in self.lists:
            changed[position] = msgspec.json.encode(changed[position]).decode()
        return tuple(changed)


@lru_cache(maxsize=STATEMENTS_PREPARED)
def prepared(statement: Statement) -> Prepared:
    """The SQLite form of a statement, made on first use."""
    text, lists = rewrite(statement.text)
    return Prepared(text, lists, _DML.match(text) is not None)


_BOOLS: dict[type[Row], tuple[int, ...]] = {}


def typed(query: Query[T], found: Sequence[tuple[Any, ...]]) -> list[T]:
    """Rows of a Query, built by position; SQLite's 0 and 1 become booleans where the column is one."""
    row = query.row
    bools = _BOOLS.get(row)
    if bools is None:
        bools = _BOOLS[row] = bool_positions(row)
    if not bools:
        return list(starmap(row, found))
    rows: list[T] = []
    for each in found:
        values = list(each)
        for position in bools:
            if values[position] is not None:
                values[position] = values[position] != 0
        rows.append(row(*values))
    return rows


def unavailable(error: sqlite3.Error) -> StoreUnavailableError | None:
    """The error as StoreUnavailableError where the engine, not the statement, is at fault."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreUnavailableError("the store is closed")
    text = _UNAVAILABLE.get(code & 0xFF) if code is not None else None
    return StoreUnavailableError(text) if text else None


def translated(label: str, statement: str, error: Exception) -> LakhError:
    """The store's own error for one of the driver's."""
    if isinstance(error, LakhError):
        return error
    if isinstance(error, sqlite3.IntegrityError) and str(error).startswith(_UNIQUE_FAILED):
        return DuplicateError(label, statement, _index_name(str(error).removeprefix(_UNIQUE_FAILED)))
    if isinstance(error, sqlite3.Error) and (gone := unavailable(error)) is not None:
        return gone
    return StatementError(label, statement, str(error))


def _index_name(refused: str) -> str:
    """The unique index behind `table.column, table.column`, which is how SQLite names it."""
    if refused.startswith("index "):
        return refused.removeprefix("index ").strip("'")
    places = [place.partition(".") for place in refused.split(", ")]
    declared = TABLES.get(places[0][0])
    columns = tuple(column for _, _, column in places)
    if declared is None:
        return ""
    if columns == declared.primary_key:
        return f"{declared.name}_pkey"
    for index in declared.indexes:
        if index.unique and tuple(c.split()[0] for c in index.columns) == columns:
            return index.name
    return ""


class GroupLostError(Exception):
    """The engine ended the transaction itself: nothing of the group is stored."""

    def __init__(self, cause: StoreUnavailableError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Session:
    """One connection in the hands of one thread at a time."""

    __slots__ = ("_cursor", "connection", "counters")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.counters = Counters()
        self._cursor = connection.cursor()

    def select(self, statement: Statement, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Runs a SELECT. Raises sqlite3.Error as the engine gives it."""
        form = prepared(statement)
        started = perf_counter()
        found = self._cursor.execute(form.text, form.arguments(arguments)).fetchall()
        counters = self.counters
        counters.read_statements += 1
        counters.statements += 1
        counters.count(statement.name, perf_counter() - started)
        return found

    def run_group(self, group: Sequence[TxnSpec]) -> list[Outcome]:
        """Runs and commits the group; each TxnSpec's row counts, or the error that undid it alone."""
        try:
            self.begin()
            outcomes = [self.run(txn) for txn in group]
        except (GroupLostError, sqlite3.Error) as error:
            return self.lost(error, len(group))
        return self.commit(outcomes)

    def begin(self) -> None:
        """Begins a group. Raises sqlite3.Error as the engine gives it."""
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Ends a group whose members have run with these outcomes; what has become of them."""
        done = sum(type(outcome) is list for outcome in outcomes)
        started = perf_counter()
        try:
            self._cursor.execute("COMMIT" if done else "ROLLBACK")
        except sqlite3.Error as error:
            return self.lost(error, len(outcomes))
        if done:
            self.counters.commits += 1
            self.counters.transactions += done
            self.counters.count(COMMIT, perf_counter() - started)
        return outcomes

    def lost(self, error: GroupLostError | sqlite3.Error, members: int) -> list[Outcome]:
        """Gives a group up; what its members hear."""
        cause = error.cause if isinstance(error, GroupLostError) else translated("commit", "COMMIT", error)
        if self.connection.in_transaction:
            self.connection.rollback()
        return [cause] * members

    def run(self, txn: TxnSpec) -> Outcome:
        """Runs one member of a group. Raises GroupLostError where the engine gave the whole group up."""
        execute = self._cursor.execute
        execute("SAVEPOINT txn")
        name = ""
        counts: list[int] = []
        try:
            for step in txn.steps:
                name = step.statement.name
                found = self._step(step.statement, step.arguments)
                if step.expect is not None and found != step.expect:
                    raise GuardFailedError(txn.label, name, step.expect, found)
                counts.append(found)
        except (LakhError, sqlite3.Error, OverflowError, TypeError, IndexError, ValueError) as error:
            failure = translated(txn.label, name, error)
            if isinstance(failure, StoreUnavailableError):
                raise GroupLostError(failure) from error
            execute("ROLLBACK TO txn")
            execute("RELEASE txn")
            return failure
        execute("RELEASE txn")
        return counts

    def _step(self, statement: Statement, arguments: tuple[Any, ...]) -> int:
        form = prepared(statement)
        cursor = self._cursor
        started = perf_counter()
        cursor.execute(form.text, form.arguments(arguments) if form.lists else arguments)
        counters = self.counters
        counters.statements += 1
        counters.count(statement.name, perf_counter() - started)
        if form.dml:
            return int(cursor.rowcount)
        # A WITH before the verb hides from the driver that rows were changed; the engine itself knows how many.
        return int(cursor.execute("SELECT changes()").fetchone()[0])

    def close(self) -> None:
        self.connection.close()
