"""What every store does, whichever engine is under it.

`read` and `rows` answer from committed data. `submit` queues a TxnSpec and returns once it is durable; many callers'
transactions share one commit. There is no other way to SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol, TypeVar

from lakh.base.errors import LakhError, ServiceUnavailableError
from lakh.store.statement import Query, Statement, Step, TxnSpec
from lakh.store.table import Row

T = TypeVar("T", bound=Row)


class GuardFailedError(LakhError):
    """A guarded statement changed another number of rows than expected; nothing of the transaction happened."""

    def __init__(self, label: str, statement: str, expected: int, found: int) -> None:
        super().__init__(f"{label}: {statement} changed {found} rows, expected {expected}")
        self.label = label
        self.statement = statement
        self.expected = expected
        self.found = found


class DuplicateError(LakhError):
    """A unique index refused a row; nothing of the transaction happened. `index` is its name where the engine says."""

    def __init__(self, label: str, statement: str, index: str) -> None:
        super().__init__(f"{label}: {statement} violates {index or 'a unique index'}")
        self.label = label
        self.statement = statement
        self.index = index


class StatementError(LakhError):
    """The engine refused a statement for a reason no caller can handle: wrong SQL, a wrong type, NULL where none may
    be. A defect of ours; nothing of the transaction happened."""

    def __init__(self, label: str, statement: str, text: str) -> None:
        super().__init__(f"{label}: {statement}: {text}")
        self.label = label
        self.statement = statement


class StoreUnavailableError(ServiceUnavailableError):
    """The engine cannot be reached, or its queue is full. Requests answer 503; flows wait and go on."""


class OutcomeUnknownError(StoreUnavailableError):
    """The engine went away during COMMIT: until the store is asked, nobody can tell what happened."""


WHOLE: Final = "*"
"""In place of columns: all arguments of all statements."""

Listener = Callable[[frozenset[str]], None]
Follower = Callable[[Sequence[Step]], None]


class Store(Protocol):
    """One open store."""

    dialect: str  # "sqlite" or "postgresql"

    async def read(self, statement: Statement, *arguments: Any) -> list[tuple[Any, ...]]:
        """Runs a SELECT; list arguments fit `= ANY($n)`. Booleans may be 0 and 1 here: use `rows` for typed rows."""
        ...

    async def rows(self, query: Query[T], *arguments: Any) -> list[T]:
        """Runs a Query and returns its rows."""
        ...

    async def submit(self, txn: TxnSpec) -> list[int]:
        """Commits `txn` and returns each step's row count. Raises GuardFailedError, DuplicateError, StatementError or
        StoreUnavailableError; after any of these nothing of it is stored, but OutcomeUnknownError leaves it open. A
        cancelled submitter's transaction still runs."""
        ...

    def on_commit(self, listener: Listener) -> None:
        """Calls `listener` with the names of changed tables after each commit, before the submitters resume."""
        ...

    def follow(self, table: str, follower: Follower) -> None:
        """Calls `follower` with the committed steps that changed `table`, in the order of their commits, as above."""
        ...

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        """Calls `follower` with the steps on `table` that other processes committed, where several share the store.

        Of an INSERT's arguments it gets the id and those for `columns`, of other statements the one that names the
        rows, of both all where `columns` is (WHOLE,); None for the rest. A step whose statement has no text stands for
        changes that nobody can name.
        """
        ...

    def counters(self) -> dict[str, float]:
        """Totals since opening: `statements`, `transactions`, `commits`, `read_statements`, and per statement name
        `statement:<name>` and `seconds:<name>`."""
        ...

    def gauges(self) -> dict[str, int]:
        """This moment: `connections_open`, `connections_busy`, `connections_max`, `reads_waiting` (for a connection),
        `transactions_waiting` (handed in and not committed)."""
        ...

    async def close(self) -> None: ...
