"""What follows a commit on every engine: listeners hear which tables changed, then submitters get their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lakh.base.errors import LakhError
from lakh.base.log import logger
from lakh.store.statement import TxnSpec
from lakh.store.store import Listener

Outcome = list[int] | LakhError  # row counts of the steps, or why nothing of the TxnSpec happened

_log = logger("store")


class Listeners:
    """Who wants to know which tables a commit changed."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: list[Listener] = []

    def add(self, listener: Listener) -> None:
        self._known.append(listener)

    def tell(self, group: Sequence[TxnSpec], outcomes: Sequence[Outcome]) -> None:
        """Calls each listener once with the tables that the committed ones of `group` changed."""
        tables = frozenset(
            step.statement.changes
            for txn, outcome in zip(group, outcomes, strict=True)
            if type(outcome) is list
            for step in txn.steps
            if step.statement.changes
        )
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
