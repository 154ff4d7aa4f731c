"""SQL as declared data: every statement of the product is made here, once, at import.

Text is PostgreSQL's with `$1` placeholders; the SQLite driver rewrites two things only: `$1` to `?1`, and
`= ANY($1)` over a list argument to `IN (SELECT value FROM json_each(?1))`. The registry feeds labels, counters and the
EXPLAIN test. Write statements name the tables they change, so that caches over those tables empty after the commit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import astuple

from lakh.store.table import Row

T = TypeVar("T", bound=Row)

_WRITE = re.compile(r"\s*(?:WITH\b.*\)\s*)?(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE | re.DOTALL)
_GUARD = re.compile(r"\s*UPDATE\s+\w+\s+SET\s+(\w+)\s*=\s*\1\s+WHERE\b", re.IGNORECASE)

STATEMENTS: dict[str, Statement] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement. `name` labels it (`vm.insert`); `changes` names the table a write changes, else is empty.

    `parameter_types` are the SQL types of $1, $2, … where the caller knows them (inserts built from a table), which
    lets the PostgreSQL driver fold many executions into one UNNEST. `full_scan` says why the statement may read a whole
    big table; the EXPLAIN test refuses that to all others. `dialect` names the one engine that understands it, if only
    one does. `guards`: it changes nothing and only counts the rows that are as they must be, so nobody hears of it.
    """

    name: str
    text: str
    changes: str
    parameter_types: tuple[str, ...] = ()
    insert_columns: tuple[str, ...] = ()
    full_scan: str = ""
    dialect: str = ""
    guards: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Query(Generic[T]):
    """A SELECT of all columns of one table, in column order, that returns its rows typed."""

    statement: Statement
    row: type[T]


def statement(name: str, text: str, *, full_scan: str = "", kept: bool = True, dialect: str = "") -> Statement:
    """Declares a statement. Raises ValueError when the name is taken by another text.

    One that is not `kept` stays out of the registry: of combinations that callers choose there is no end.
    """
    guards = _GUARD.match(text) is not None
    made = Statement(name, text, _changed_table(text), full_scan=full_scan, dialect=dialect, guards=guards)
    return _register(made) if kept else made


def _changed_table(text: str) -> str:
    found = _WRITE.match(text)
    return found.group(2).lower() if found else ""


def _register(made: Statement) -> Statement:
    known = STATEMENTS.get(made.name)
    if known is not None and known.text != made.text:
        raise ValueError(f"statement {made.name} is declared twice with different texts")
    STATEMENTS[made.name] = made
    return made


def select(name: str, row: type[T], tail: str, *, full_scan: str = "", kept: bool = True) -> Query[T]:
    """`SELECT <all columns> FROM <table> <tail>`; `tail` holds WHERE, ORDER BY, LIMIT. `kept` is as for `statement`."""
    text = f"SELECT {row.TABLE.column_list} FROM {row.TABLE.name} {tail}"
    return Query(statement(name, text, full_scan=full_scan, kept=kept), row)


def insert(name: str, row: type[Row], *, conflict: str = "") -> Statement:
    """`INSERT` of every column in column order; pass `values(row)` as arguments. `conflict` is an ON CONFLICT tail."""
    columns = row.TABLE.columns
    marks = ", ".join(f"${i}" for i in range(1, len(columns) + 1))
    text = f"INSERT INTO {row.TABLE.name} ({row.TABLE.column_list}) VALUES ({marks}) {conflict}".rstrip()
    types = tuple(c.sql_type for c in columns)
    return _register(Statement(name, text, row.TABLE.name, types, row.TABLE.column_names))


def values(row: Row) -> tuple[Any, ...]:
    """The row's columns in order, as arguments of its insert."""
    return astuple(row)


class Step(NamedTuple):
    """One statement of a transaction. `expect` is the row count that must result; None accepts any."""

    statement: Statement
    arguments: tuple[Any, ...]
    expect: int | None


@dataclass(slots=True)
class TxnSpec:
    """A transaction as data: it can be queued, grouped with others, retried, and reads the same for both engines.

    All steps commit together or none does. A step whose row count is not as expected fails the transaction with
    GuardFailedError that names the statement; a unique index violation fails it with DuplicateError.
    """

    label: str
    steps: list[Step] = field(default_factory=list)

    def add(self, statement: Statement, *arguments: Any, expect: int | None = 1) -> TxnSpec:
        self.steps.append(Step(statement, arguments, expect))
        return self

    def put(self, statement: Statement, row: Row) -> TxnSpec:
        """Adds the insert of a row."""
        self.steps.append(Step(statement, values(row), 1))
        return self

    def extend(self, other: TxnSpec | None) -> TxnSpec:
        if other is not None:
            self.steps.extend(other.steps)
        return self
