"""How long jobs took, from their acceptance to their end, as this server's own clock says."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

BOUNDS: Final = (*(round(0.01 * 2 ** (i / 2), 3) for i in range(28)), 300.0, 1200.0, 3600.0)
"""Upper bounds in seconds, each 1.41 times the one before: from 10 ms to two minutes, and three beyond."""


class JobSeconds:
    """Jobs of one command that have ended."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def count(self, seconds: float) -> None:
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper bound, jobs that took no longer), as Prometheus wants it."""
        told, total = [], 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self.buckets, strict=True):
            total += count
            told.append((bound, float(total)))
        return told
