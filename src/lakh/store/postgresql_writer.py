"""One connection that commits batches of TxnSpecs, and gives each of them its own verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, Final, TypeVar

from lakh.base.errors import LakhError
from lakh.store.commit import Outcome
from lakh.store.counters import COMMIT, Counters
from lakh.store.postgresql_batch import Folding, Item, fold_change, fold_insert, in_key_order, only_stores, runs
from lakh.store.postgresql_connection import Connect, Connection, ConnectionLostError, RetryableError, translated
from lakh.store.statement import Statement, TxnSpec
from lakh.store.store import GuardFailedError, OutcomeUnknownError, StoreUnavailableError

R = TypeVar("R")

ATTEMPTS: Final = 8  # of one transaction, when others undo it
PAUSE_SECONDS: Final = 0.005  # before the second attempt; doubles


class _GuiltyError(LakhError):
    """Guards of these TxnSpecs failed within a batch."""

    def __init__(self, members: set[int]) -> None:
        super().__init__(f"{len(members)} transactions of a batch failed their guards")
        self.members = members


class _UnknownGuiltyError(LakhError):
    """A folded statement changed too few rows and cannot tell whose are missing."""


class Writer:
    """Commits batches, one at a time."""

    def __init__(self, connect: Connect, foldings: dict[Statement, Folding | None]) -> None:
        self._connect = connect
        self._foldings = foldings
        self._connection: Connection | None = None
        self.counters = Counters()
        self.round_trips = 0

    async def commit(self, batch: Sequence[TxnSpec]) -> list[Outcome]:
        """Commits what of the batch can be committed: row counts or the error of each."""
        try:
            if len(batch) == 1:
                return [await self._alone(batch[0])]
            counts = await self._transaction(lambda connection: self._folded(connection, batch), by_key=True)
            self.counters.transactions += len(batch)
            return list(counts)
        except _GuiltyError as found:
            return await self._apart(batch, found.members)
        except StoreUnavailableError as error:
            return [error] * len(batch)
        except Exception as error:
            # Nothing is stored. Whoever is at fault, wrong argument types included, is alone in the end.
            if len(batch) == 1:
                return [translated(batch[0].label, "", error)]
            half = len(batch) // 2
            return [*await self.commit(batch[:half]), *await self.commit(batch[half:])]

    async def _apart(self, batch: Sequence[TxnSpec], guilty: set[int]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        good = [index for index in range(len(batch)) if index not in guilty]
        if good:
            outcomes.update(zip(good, await self.commit([batch[index] for index in good]), strict=True))
        for index in sorted(guilty):
            outcomes[index] = (await self.commit([batch[index]]))[0]
        return [outcomes[index] for index in range(len(batch))]

    async def _transaction(
        self, work: Callable[[Connection], Awaitable[R]], *, whole: bool = True, by_key: bool = False
    ) -> R:
        """Runs `work` within BEGIN and COMMIT (unless not `whole`), again where that may help."""
        replaced = False
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt)
            connection, committing = await self._connected(), not whole
            try:
                if whole:
                    await connection.begin(by_key=by_key)
                result = await work(connection)
                committing = True
                if whole:
                    started = perf_counter()
                    await connection.commit()
                    self.counters.count(COMMIT, perf_counter() - started)
                    self.round_trips += 2
                self.counters.commits += 1
                return result
            except Exception as error:
                failure = translated("commit", "COMMIT", error)
                if not isinstance(failure, ConnectionLostError):
                    await self._undo(connection, whole)
                    if isinstance(failure, RetryableError):
                        continue
                    raise failure from error
                self._drop()
                if committing or replaced:
                    if not committing:
                        raise StoreUnavailableError("the connection to PostgreSQL was lost") from error
                    raise OutcomeUnknownError(
                        "the connection to PostgreSQL was lost while it committed: the outcome is not known"
                    ) from error
                replaced = True
            except BaseException:
                self._drop()
                raise
        raise StoreUnavailableError("PostgreSQL undid the transaction too often for the sake of others; try again")

    async def _undo(self, connection: Connection, whole: bool) -> None:
        if not whole:
            return
        try:
            await connection.rollback()
        except Exception:
            self._drop()

    @property
    def connected(self) -> bool:
        """True while it has a connection."""
        return self._connection is not None and not self._connection.broken

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.broken:
            self._connection = await self._connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.drop()
            self._connection = None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    # --- a TxnSpec by itself -------------------------------------------------------------------------------------

    async def _alone(self, txn: TxnSpec) -> Outcome:
        if not txn.steps:
            return []
        # A single INSERT of one row is a transaction by itself; a failed guard could not be undone that way.
        whole = len(txn.steps) > 1 or not txn.steps[0].statement.insert_columns
        try:
            counts = await self._transaction(lambda connection: self._singly(connection, txn), whole=whole)
        except LakhError as error:
            return error
        self.counters.transactions += 1
        return counts

    async def _singly(self, connection: Connection, txn: TxnSpec) -> list[int]:
        """Locks rows in the order of all others: two controls that did it otherwise would stop each other."""
        counts = [0] * len(txn.steps)
        for statement, items in runs([txn]):
            for item in in_key_order(statement, items):
                found = await self._execute(connection, txn.label, statement, item.arguments)
                if item.expect is not None and found != item.expect:
                    raise GuardFailedError(txn.label, statement.name, item.expect, found)
                counts[item.step] = found
        return counts

    async def _execute(
        self, connection: Connection, label: str, statement: Statement, arguments: tuple[Any, ...]
    ) -> int:
        started = perf_counter()
        try:
            found = await connection.execute(statement.text, arguments)
        except Exception as error:
            raise translated(label, statement.name, error) from error
        self._count(statement, 1, perf_counter() - started)
        return found

    def _count(self, statement: Statement, executions: int, seconds: float) -> None:
        self.round_trips += 1
        self.counters.statements += executions
        self.counters.count(statement.name, seconds, executions)

    # --- many TxnSpecs at once -----------------------------------------------------------------------------------

    async def _folded(self, connection: Connection, batch: Sequence[TxnSpec]) -> list[list[int]]:
        counts = [[0] * len(txn.steps) for txn in batch]
        for statement, items in runs(batch):
            if len(items) > 1 and only_stores(statement):
                await self._copy(connection, statement, items, counts)
            elif len(items) == 1 or (folding := await self._folding(connection, statement)) is None:
                for item in items:
                    label = batch[item.txn].label
                    counts[item.txn][item.step] = await self._execute(connection, label, statement, item.arguments)
            elif folding.insert:
                await self._insert(connection, statement, folding, items, counts)
            else:
                await self._change(connection, statement, folding, items, counts)
            guilty = {
                item.txn for item in items if item.expect is not None and counts[item.txn][item.step] != item.expect
            }
            if guilty:
                raise _GuiltyError(guilty)
        return counts

    async def _folding(self, connection: Connection, statement: Statement) -> Folding | None:
        if statement not in self._foldings:
            if statement.insert_columns:
                self._foldings[statement] = fold_insert(statement)
            else:
                types = await connection.parameter_types(statement.text)
                self._foldings[statement] = fold_change(statement, types)
        return self._foldings[statement]

    async def _copy(
        self, connection: Connection, statement: Statement, items: list[Item], counts: list[list[int]]
    ) -> None:
        started = perf_counter()
        await connection.copy(statement.changes, statement.insert_columns, [item.arguments for item in items])
        self._count(statement, len(items), perf_counter() - started)
        for item in items:
            counts[item.txn][item.step] = 1

    async def _insert(
        self, connection: Connection, statement: Statement, folding: Folding, items: list[Item], counts: list[list[int]]
    ) -> None:
        for each in folding.rounds(items):
            started = perf_counter()
            found = await connection.execute(folding.text, each.arrays)
            self._count(statement, len(each.groups), perf_counter() - started)
            if found != len(each.groups):
                raise _UnknownGuiltyError(f"{statement.name} stored {found} of {len(each.groups)} rows")
            for group in each.groups:
                counts[group[0].txn][group[0].step] = 1

    async def _change(
        self, connection: Connection, statement: Statement, folding: Folding, items: list[Item], counts: list[list[int]]
    ) -> None:
        for each in folding.rounds(items):
            started = perf_counter()
            changed = await connection.fetch(folding.text, each.arrays)
            self._count(statement, sum(map(len, each.groups)), perf_counter() - started)
            for (place,) in changed:
                for item in each.groups[place - 1]:
                    counts[item.txn][item.step] += 1
