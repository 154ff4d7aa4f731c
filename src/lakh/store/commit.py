"""What follows a commit on every engine: listeners hear which tables changed, then submitters get their outcomes.

Several processes may share a store. Then each tells the others what it commits (`tell_others`), and `heard` brings what
they committed to the same listeners and followers, as if it had been committed here; `missed` when nobody can say what
that was. How the word travels is not the store's business (`store/others.py` says what it is).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.store.statement import Statement, Step, TxnSpec
from lakh.store.store import Follower, Listener
from lakh.store.table import TABLES

Outcome = list[int] | LakhError  # row counts of the steps, or why nothing of the TxnSpec happened

_log = logger("store")


def _changes(step: Step) -> bool:
    return bool(step.statement.changes) and not step.statement.guards


class Listeners:
    """Who wants to know what was committed."""

    __slots__ = ("_followers", "_known", "_of_others", "_teller", "_wanted")

    def __init__(self) -> None:
        self._known: list[Listener] = []
        self._followers: dict[str, list[Follower]] = {}
        self._of_others: dict[str, list[Follower]] = {}
        self._wanted: dict[str, frozenset[str]] = {}
        self._teller: Callable[[Sequence[Step]], None] | None = None

    def add(self, listener: Listener) -> None:
        self._known.append(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self._followers.setdefault(table, []).append(follower)

    def follow_others(self, table: str, follower: Follower, columns: Iterable[str] = ()) -> None:
        self._of_others.setdefault(table, []).append(follower)
        if columns:
            self._wanted[table] = self._wanted.get(table, frozenset()) | frozenset(columns)

    def tell_others(self, teller: Callable[[Sequence[Step]], None]) -> None:
        """Calls `teller` with all steps that each commit here brought, before anybody here hears of them."""
        self._teller = teller

    @property
    def wanted(self) -> dict[str, frozenset[str]]:
        """Columns by table that somebody wants to know of others' steps, besides which rows they changed."""
        return self._wanted

    def tell(self, group: Sequence[TxnSpec], outcomes: Sequence[Outcome]) -> None:
        """Calls each listener once with the tables that the committed ones of `group` changed, and before that each
        follower with the steps that changed its table."""
        committed = [txn for txn, outcome in zip(group, outcomes, strict=True) if type(outcome) is list]
        if self._teller is not None and committed:
            try:
                self._teller([step for txn in committed for step in txn.steps if _changes(step)])
            except Exception:
                _log.exception("others were not told")
        tables: set[str] = set()
        followed: dict[str, list[Step]] = {}
        for txn in committed:
            for step in txn.steps:
                if not _changes(step):
                    continue
                changes = step.statement.changes
                if changes in self._followers:
                    followed.setdefault(changes, []).append(step)
                tables.add(changes)
        self._follow(self._followers, followed)
        self._tell(frozenset(tables))

    def heard(self, steps: Iterable[Step]) -> None:
        """Others committed these steps. Of their arguments only those that name the rows are there, and those that are
        `wanted`; in place of the rest is None."""
        by_table: dict[str, list[Step]] = {}
        for step in steps:
            by_table.setdefault(step.statement.changes, []).append(step)
        self._follow(self._followers, by_table)
        self._follow(self._of_others, by_table)
        self._tell(frozenset(by_table))

    def missed(self) -> None:
        """Others committed what nobody told: whatever is remembered of any table may be wrong."""
        self.heard(Step(Statement("missed", "", table), (), None) for table in TABLES)

    def _follow(self, followers: dict[str, list[Follower]], by_table: dict[str, list[Step]]) -> None:
        for table, steps in by_table.items():
            for follower in followers.get(table, ()):
                try:
                    follower(steps)
                except Exception:
                    _log.exception("follower failed", table=table)

    def _tell(self, tables: frozenset[str]) -> None:
        if tables:
            for listener in self._known:
                try:
                    listener(tables)
                except Exception:
                    # The rows are committed whatever a listener does; its submitters must hear so.
                    _log.exception("listener failed", tables=sorted(tables))


def resolve(future: asyncio.Future[list[int]], outcome: Outcome) -> None:
    """Hands a submitter its outcome, unless it has gone."""
    if future.done():
        return
    if isinstance(outcome, list):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)
