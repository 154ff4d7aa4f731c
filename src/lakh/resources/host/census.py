"""How many hosts are in which condition, kept up as they change.

Metrics, reconcilers and refusals ask it all the time, and looking at 100,000 hosts one by one stops an event loop for
20 ms. The conditions that occur are a few dozen, so asking them is free, and a change costs a microsecond.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lakh.resources.host.index import HostFact


class Condition(NamedTuple):
    """What the census tells hosts apart by."""

    type: str
    zone_id: int
    status: str
    resource_state: str
    arch: str
    connected: bool


class Census:
    """`away` holds the ids of all hosts without a ready session, in the order they went."""

    def __init__(self) -> None:
        self._counts: dict[Condition, int] = {}
        self.away: dict[int, None] = {}

    def count(self, matches: Callable[[Condition], bool]) -> int:
        """How many hosts are in a condition that matches."""
        return sum(count for condition, count in self._counts.items() if matches(condition))

    def conditions(self) -> list[Condition]:
        """The conditions that occur."""
        return list(self._counts)

    def by(self, part: Callable[[Condition], str], matches: Callable[[Condition], bool]) -> dict[str, int]:
        """Counts of the matching hosts by what `part` says of their condition."""
        found: Counter[str] = Counter()
        for condition, count in self._counts.items():
            if matches(condition):
                found[part(condition)] += count
        return dict(found)

    def enter(self, fact: HostFact) -> None:
        condition = _of(fact)
        self._counts[condition] = self._counts.get(condition, 0) + 1
        if not fact.connected:
            self.away[fact.id] = None

    def leave(self, fact: HostFact) -> None:
        condition = _of(fact)
        left = self._counts[condition] - 1
        if left:
            self._counts[condition] = left
        else:
            del self._counts[condition]
        if not fact.connected:
            self.away.pop(fact.id, None)


def _of(fact: HostFact) -> Condition:
    return Condition(fact.type, fact.zone_id, fact.status, fact.resource_state, fact.arch, fact.connected)
