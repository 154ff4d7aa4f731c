"""What follows a commit on every engine: listeners hear which tables changed, then submitters get their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.store.statement import Step, TxnSpec
from lakh.store.store import Follower, Listener

Outcome = list[int] | LakhError  # row counts of the steps, or why nothing of the TxnSpec happened

_log = logger("store")


class Listeners:
    """Who wants to know which tables a commit changed."""

    __slots__ = ("_followers", "_known")

    def __init__(self) -> None:
        self._known: list[Listener] = []
        self._followers: dict[str, list[Follower]] = {}

    def add(self, listener: Listener) -> None:
        self._known.append(listener)

    def follow(self, table: str, follower: Follower) -> None:
        self._followers.setdefault(table, []).append(follower)

    def tell(self, group: Sequence[TxnSpec], outcomes: Sequence[Outcome]) -> None:
        """Calls each listener once with the tables that the committed ones of `group` changed, and before that each
        follower with the steps that changed its table."""
        tables: set[str] = set()
        followed: dict[str, list[Step]] = {}
        for txn, outcome in zip(group, outcomes, strict=True):
            if type(outcome) is not list:
                continue
            for step in txn.steps:
                changes = step.statement.changes
                if changes in self._followers:
                    followed.setdefault(changes, []).append(step)
                if changes:
                    tables.add(changes)
        for table, steps in followed.items():
            for follower in self._followers[table]:
                try:
                    follower(steps)
                except Exception:
                    _log.exception("follower failed", table=table)
        self._tell(frozenset(tables))

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
