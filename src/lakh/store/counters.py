"""What the store counts: plain increments, one object per thread, added up when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

COMMIT: Final = "store.commit"
"""Counted like a statement, though it is none: where a store waits for its disk."""


def gauges(opened: int, busy: int, most: int, reads_waiting: int, transactions_waiting: int) -> dict[str, int]:
    """What `Store.gauges` promises."""
    return {
        "connections_open": opened,
        "connections_busy": busy,
        "connections_max": most,
        "reads_waiting": reads_waiting,
        "transactions_waiting": transactions_waiting,
    }


class Counters:
    """Totals of one thread: no lock, plain increments. `merged` adds up several threads'."""

    __slots__ = ("commits", "executed", "read_statements", "statements", "transactions")

    def __init__(self) -> None:
        self.statements = 0
        self.read_statements = 0
        self.transactions = 0
        self.commits = 0
        self.executed: dict[str, list[float]] = {}  # statement name → [executions, seconds]

    def count(self, name: str, seconds: float, executions: int = 1) -> None:
        entry = self.executed.get(name)
        if entry is None:
            self.executed[name] = [executions, seconds]
        else:
            entry[0] += executions
            entry[1] += seconds

    @staticmethod
    def merged(parts: Sequence[Counters]) -> dict[str, float]:
        """The totals of all parts in the form that `Store.counters` promises."""
        total: dict[str, float] = {
            "statements": sum(p.statements for p in parts),
            "transactions": sum(p.transactions for p in parts),
            "commits": sum(p.commits for p in parts),
            "read_statements": sum(p.read_statements for p in parts),
        }
        for part in parts:
            for name, (executions, seconds) in list(part.executed.items()):
                total[f"statement:{name}"] = total.get(f"statement:{name}", 0) + executions
                total[f"seconds:{name}"] = total.get(f"seconds:{name}", 0.0) + seconds
        return total
