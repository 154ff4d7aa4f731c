"""Figures of a fleet process: totals since the start, and latencies of the last second."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from lakh.base.limits import FLEET_REJECTIONS_KEPT

_KEPT = 4096  # latencies of one second; more are counted and not kept


PING_FLOOR_SECONDS = 0.0001
PING_STEP = 1.1


def _slot(seconds: float) -> int:
    return max(0, math.ceil(math.log(max(seconds, 1e-6) / PING_FLOOR_SECONDS, PING_STEP)))


def slot_seconds(slots: Mapping[str, int], part: float) -> float:
    """The time within which that part of them took, to a tenth exact; of slots as `stats` gives them."""
    left = part * sum(slots.values())
    for slot in sorted(map(int, slots)):
        left -= slots[str(slot)]
        if left <= 0:
            return PING_FLOOR_SECONDS * PING_STEP**slot
    return 0.0


class Statistics:
    """Counters; `line` gives one second's line and begins the next."""

    __slots__ = (
        "_latencies",
        "answers",
        "back_slots",
        "commands",
        "connected",
        "connects",
        "dialling",
        "failed_answers",
        "failures",
        "losses",
        "ping_answers",
        "ping_slots",
        "pings",
        "rejections",
        "total_rejected",
        "unreadable",
        "waiting",
    )

    def __init__(self) -> None:
        self.connected = 0
        self.connects = 0
        self.losses = 0
        self.pings = 0
        self.ping_answers = 0
        self.ping_slots: Counter[int] = Counter()
        self.back_slots: Counter[int] = Counter()
        self.failures = 0
        self.dialling = 0
        self.waiting = 0
        self.answers = 0
        self.failed_answers = 0
        self.unreadable = 0
        self.total_rejected = 0
        self.commands: Counter[str] = Counter()
        self.rejections: deque[str] = deque(maxlen=FLEET_REJECTIONS_KEPT)
        self._latencies: list[float] = []

    def answered(self, name: str, seconds: float, result: bool) -> None:
        self.answers += 1
        self.failed_answers += not result
        self.commands[name] += 1
        if len(self._latencies) < _KEPT:
            self._latencies.append(seconds)

    def ping_answered(self, seconds: float) -> None:
        self.ping_answers += 1
        self.ping_slots[_slot(seconds)] += 1

    def came_back(self, seconds: float) -> None:
        """An agent is Ready again, so long after it lost its link."""
        self.back_slots[_slot(seconds)] += 1

    def rejected(self, name: str, text: str) -> None:
        self.total_rejected += 1
        self.rejections.append(f"{name}: {text[:500]}")

    def broken(self, text: str) -> None:
        self.unreadable += 1
        self.rejections.append(f"unreadable: {text[:500]}")

    def totals(self) -> dict[str, Any]:
        return {
            "connected": self.connected,
            "connects": self.connects,
            "losses": self.losses,
            "pings": self.pings,
            "ping_answers": self.ping_answers,
            "failed_connects": self.failures,
            "dialling": self.dialling,
            "waiting": self.waiting,
            "answers": self.answers,
            "failed_answers": self.failed_answers,
            "unreadable": self.unreadable,
            "rejected": self.total_rejected,
        }

    def line(self) -> dict[str, Any]:
        """Totals, and the percentiles of how long the last second's commands took, in milliseconds."""
        latencies, self._latencies = sorted(self._latencies), []
        line = self.totals()
        if latencies:
            last = len(latencies) - 1
            line["command_ms"] = {
                name: round(latencies[round(last * part)] * 1000, 3)
                for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
            }
        return line
