"""Numbers dealt from ranges: guest VLANs, and IPv4 addresses as integers.

What is taken stands in masks of 1,024 numbers each, so that a million taken numbers are some hundred KiB; and in masks
above these stands which of them are full. So finding the next free number looks at a handful of masks: it costs the
same however large a range is and however full. The pool only proposes; a unique index decides.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, MutableSet, Sequence
from typing import Final

_BITS: Final = 10
_LOW: Final = (1 << _BITS) - 1
_ALL: Final = (1 << _LOW + 1) - 1
_MOST: Final = 1 << 63


class NumberSet(MutableSet[int]):
    """A set of numbers from 0 on; cheapest where they lie close together."""

    __slots__ = ("_full", "_masks", "_size")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._masks: dict[int, int] = {}
        self._full: dict[int, int] = {}  # which of 1,024 masks are full
        self._size = 0
        for number in numbers:
            self.add(number)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        return bool(self._masks.get(number >> _BITS, 0) >> (number & _LOW) & 1)

    def __iter__(self) -> Iterator[int]:
        for block, mask in list(self._masks.items()):
            while mask:
                lowest = mask & -mask
                yield (block << _BITS) + lowest.bit_length() - 1
                mask ^= lowest

    def __len__(self) -> int:
        return self._size

    def add(self, value: int) -> None:
        block, bit = value >> _BITS, 1 << (value & _LOW)
        mask = self._masks.get(block, 0)
        if not mask & bit:
            self._masks[block] = mask = mask | bit
            self._size += 1
            if mask == _ALL:
                self._full[block >> _BITS] = self._full.get(block >> _BITS, 0) | 1 << (block & _LOW)

    def discard(self, value: int) -> None:
        block, bit = value >> _BITS, 1 << (value & _LOW)
        mask = self._masks.get(block, 0)
        if mask & bit:
            self._size -= 1
            if mask == _ALL:
                self._full[block >> _BITS] ^= 1 << (block & _LOW)
            if mask == bit:
                del self._masks[block]
            else:
                self._masks[block] = mask ^ bit

    def first_missing(self, first: int, last: int) -> int | None:
        """The lowest number from `first` to `last`, both included, that is not here."""
        if first > last:
            return None
        block = first >> _BITS
        free = ~self._masks.get(block, 0) & _ALL & -1 << (first & _LOW)
        if not free:
            block = self._first_not_full(block + 1, last >> _BITS)
            free = ~self._masks.get(block, 0) & _ALL
        found = (block << _BITS) + (free & -free).bit_length() - 1
        return found if found <= last else None

    def _first_not_full(self, block: int, last: int) -> int:
        """The first block from this one on that is not full, or one behind `last`."""
        while block <= last:
            free = ~self._full.get(block >> _BITS, 0) & _ALL & -1 << (block & _LOW)
            if free:
                return (block >> _BITS << _BITS) + (free & -free).bit_length() - 1
            block = (block >> _BITS) + 1 << _BITS
        return block

    def count(self, first: int, last: int) -> int:
        """How many numbers from `first` to `last`, both included, are here. O(masks)."""
        return sum(self._within(block, first, last).bit_count() for block in range(first >> _BITS, (last >> _BITS) + 1))

    def first_present(self, first: int, last: int) -> int | None:
        """The lowest number from `first` to `last` that is here. O(masks)."""
        for block in range(first >> _BITS, (last >> _BITS) + 1):
            if mask := self._within(block, first, last):
                return (block << _BITS) + (mask & -mask).bit_length() - 1
        return None

    def missing(self, first: int, last: int, skip: int, limit: int) -> list[int]:
        """Numbers from `first` to `last` that are not here, in order, without the first `skip`, at most `limit`.
        O(masks + limit)."""
        found: list[int] = []
        for block in range(first >> _BITS, (last >> _BITS) + 1):
            free = self._span(block, first, last) & ~self._masks.get(block, 0)
            if skip >= (many := free.bit_count()):
                skip -= many
                continue
            while free and len(found) < limit:
                lowest = free & -free
                free ^= lowest
                if skip:
                    skip -= 1
                else:
                    found.append((block << _BITS) + lowest.bit_length() - 1)
            if len(found) >= limit:
                break
        return found

    def _within(self, block: int, first: int, last: int) -> int:
        return self._masks.get(block, 0) & self._span(block, first, last)

    @staticmethod
    def _span(block: int, first: int, last: int) -> int:
        """A block's mask with the bits from `first` to `last`."""
        span = _ALL
        if block == first >> _BITS:
            span &= -1 << (first & _LOW)
        if block == last >> _BITS:
            span &= (1 << (last & _LOW) + 1) - 1
        return span


class NumberPool:
    """`ranges` are (first, last), both included; `taken` may hold numbers outside of them."""

    __slots__ = ("_next", "_range", "_sorted", "ranges", "size", "taken")

    def __init__(self, ranges: Sequence[tuple[int, int]], taken: Iterable[int] = ()) -> None:
        self.ranges = list(ranges)
        self._sorted = sorted(ranges)
        self.size = sum(last - first + 1 for first, last in ranges)
        self.taken = taken if isinstance(taken, NumberSet) else NumberSet(taken)
        self._range = 0
        self._next = self.ranges[0][0] if self.ranges else 0

    def contains(self, number: int) -> bool:
        place = bisect_right(self._sorted, (number, _MOST)) - 1
        return place >= 0 and number <= self._sorted[place][1]

    def take(self) -> int | None:
        """The next free number, taken from now on, going round the ranges; None when all are."""
        for place, first, last in self._round():
            number = self.taken.first_missing(first, last)
            if number is not None:
                self.taken.add(number)
                self._range, self._next = place, number + 1
                return number
        return None

    def _round(self) -> Iterator[tuple[int, int, int]]:
        """From the cursor on and back to it: which range, first and last number."""
        if not self.ranges:
            return
        at, number = self._range, self._next
        yield at, number, self.ranges[at][1]
        for place in (*range(at + 1, len(self.ranges)), *range(at)):
            yield place, *self.ranges[place]
        yield at, self.ranges[at][0], number - 1

    def start_at(self, position: int) -> None:
        """Where the cursor begins: several servers that start at different places rarely propose the same."""
        if not self.size:
            return
        position %= self.size
        for place, (first, last) in enumerate(self.ranges):
            if position <= last - first:
                self._range, self._next = place, first + position
                return
            position -= last - first + 1
