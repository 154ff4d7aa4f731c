"""Numbers dealt from ranges: guest VLANs, and IPv4 addresses as integers.

A cursor goes round the ranges and skips what is taken, so that dealing costs the same however large they are. The pool
only proposes; a unique index decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class NumberPool:
    """`ranges` are (first, last), both included; `taken` may hold numbers outside of them."""

    __slots__ = ("_cursor", "ranges", "size", "taken")

    def __init__(self, ranges: Sequence[tuple[int, int]], taken: Iterable[int] = ()) -> None:
        self.ranges = list(ranges)
        self.size = sum(last - first + 1 for first, last in ranges)
        self.taken = set(taken)
        self._cursor = 0

    def contains(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.ranges)

    def take(self) -> int | None:
        """The next free number, taken from now on; None when all are."""
        for _ in range(self.size):
            number = self._at(self._cursor)
            self._cursor = (self._cursor + 1) % self.size
            if number not in self.taken:
                self.taken.add(number)
                return number
        return None

    def start_at(self, position: int) -> None:
        """Where the cursor begins: several servers that start at different places rarely propose the same."""
        self._cursor = position % self.size if self.size else 0

    def _at(self, position: int) -> int:
        for first, last in self.ranges:
            if position <= last - first:
                return first + position
            position -= last - first + 1
        raise IndexError(position)
