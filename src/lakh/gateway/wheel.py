"""Deadlines for very many things: one-second slots, no timer each.

An entry is filed under the second it is due. What lives longer than it was filed for (a host that pinged meanwhile)
is filed again when its slot comes up: a ping costs nothing here. Whole seconds are the precision; nothing is early, and
what is due together comes up in the order of filing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Filed(Protocol):
    """What a wheel holds: `due` is the second of its slot, -1 outside; the wheel alone writes it."""

    due: int


Entry = TypeVar("Entry", bound=Filed)


class Wheel(Generic[Entry]):
    __slots__ = ("_next", "_slots")

    def __init__(self, now: float) -> None:
        self._slots: dict[int, dict[Entry, None]] = {}
        self._next = math.floor(now)  # the first second whose slot was not taken yet

    def file(self, entry: Entry, at: float) -> None:
        """Files or re-files the entry to come up once the clock has reached `at`."""
        self.drop(entry)
        due = max(math.ceil(at), self._next)
        entry.due = due
        slot = self._slots.get(due)
        if slot is None:
            self._slots[due] = {entry: None}
        else:
            slot[entry] = None

    def drop(self, entry: Entry) -> None:
        """Takes the entry out, if it is in."""
        if entry.due >= 0:
            slot = self._slots[entry.due]
            slot.pop(entry, None)
            if not slot:
                del self._slots[entry.due]
            entry.due = -1

    def take(self, now: float) -> Iterator[Entry]:
        """Takes out, one by one, everything due. The caller may file and drop entries meanwhile."""
        last = math.floor(now)
        while self._next <= last:
            second = self._next
            self._next = second + 1
            slot = self._slots.pop(second, None)
            if slot is None:
                continue
            for entry in slot:
                entry.due = -1
            yield from slot
