"""What lists took: by question, against the bound of its kind, and added up to the figures of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from lakh.lab.list_questions import SIX, Question
from lakh.lab.reach import Bound
from lakh.lab.report import Timing
from lakh.lab.run import Run

SHOWN: Final = 25


class Asked(NamedTuple):
    """What was timed: a question, and whether on its first page or a deep one."""

    group: str
    label: str
    size: int
    deep: bool

    @property
    def check(self) -> str:
        """The name of the check that it counts for."""
        return f"page_{self.size}_p95" if self.group == "common" else f"{self.group.replace(' ', '_')}_p95"


class Taken(msgspec.Struct):
    """Milliseconds: `cold` of the first time it was asked after the server's start, which is in no other figure; of the
    clock and of the processor, server and store together, of each later time."""

    cold: float = 0.0
    clock: list[float] = []
    processor: list[float] = []


def asked(question: Question, page: int) -> Asked:
    return Asked(question.group, question.label, question.size, page > 1)


def p95(taken: Sequence[float]) -> float:
    ordered = sorted(taken)
    return ordered[math.ceil(0.95 * (len(ordered) - 1))]


def middle(taken: Sequence[float]) -> float:
    return sorted(taken)[len(taken) // 2]


def tell(run: Run, taken: Mapping[Asked, Taken]) -> None:
    """Fills the run's figures, and the report's table of questions."""
    _figures(run, taken)
    timings = [_timing(key, each, run.bounds) for key, each in taken.items()]
    timings.sort(key=lambda timing: -(timing.p95 / timing.bound if timing.bound else 0.0))
    run.timings.extend(timings)
    run.figure("questions", len(timings), "")
    run.figure("questions_p50_over", sum(timing.p50_over for timing in timings), "")
    run.figure("questions_p95_over", sum(timing.p95_over for timing in timings), "")
    detail = run.stand.screen.detail
    detail("nearest to its bound or above: ms p95, p50, processor (least), cold; the report shows more")
    for timing in timings[:SHOWN]:
        sign = "OVER" if timing.p95_over else ""
        bound = f"{timing.bound:g}" if timing.bound else "-"
        times = f"{timing.p95:8.1f} of {bound:>4} {timing.p50:8.1f} {timing.processor:8.1f} {timing.cold:8.1f}"
        detail(f"  {sign:4} {times}  {timing.name}")


def _timing(key: Asked, taken: Taken, bounds: Mapping[str, Bound]) -> Timing:
    bound = bounds.get(key.check)
    return Timing(
        name=f"{key.label}{', deep' if key.deep else ''}",
        kind=key.check.removesuffix("_p95"),
        bound=bound.at_most if bound is not None else None,
        p95=round(p95(taken.clock), 2),
        p50=round(middle(taken.clock), 2),
        processor=round(min(taken.processor), 2),
        cold=round(taken.cold, 2),
    )


def _figures(run: Run, taken: Mapping[Asked, Taken]) -> None:
    groups: dict[str, list[float]] = {}
    cold: dict[str, list[float]] = {}
    lists: dict[str, list[float]] = {}
    means: dict[str, list[float]] = {}
    for key, each in taken.items():
        groups.setdefault(key.check, []).extend(each.clock)
        cold.setdefault(f"cold_{key.check}", []).append(each.cold)
        command = key.label.partition("(")[0]
        if key.group == "common":
            lists.setdefault(f"{command}_{key.size}", []).extend(each.clock)
        if key.label == f"{command}() 500 as admin" and command in SIX:
            means.setdefault(command, []).extend(each.clock)
    for name, times in sorted(groups.items()) + sorted(cold.items()):
        run.figure(name, p95(times), "ms")
    for name, times in sorted(lists.items()):
        run.figure(f"{name}_p50", middle(times), "ms")
        run.figure(f"{name}_p95", p95(times), "ms")
    for command, times in sorted(means.items()):
        run.figure(f"{command}_500_mean", sum(times) / len(times), "ms")
