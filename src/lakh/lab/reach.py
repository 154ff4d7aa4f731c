"""What scenarios must reach (reach.toml), and the verdict on a run's figures.

A run smaller than the reach is meant for proves nothing about it: its checks have the size in their names and no
verdict, whatever their values are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from lakh.lab.report import Check, Figure

REACHES: Final = Path(__file__).parent / "reach.toml"


class Bound(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One figure's bound, inclusive; exactly one of `at_most` and `at_least` is set. `aim` is only reported.

    `seconds`: of a run that measured for less it is not judged.
    """

    unit: str
    at_most: float | None = None
    at_least: float | None = None
    aim: float | None = None
    seconds: int = 0

    def holds(self, value: float) -> bool:
        if self.at_most is not None:
            return value <= self.at_most
        return value >= (self.at_least or 0.0)

    def text(self) -> str:
        sign, bound = ("≤", self.at_most) if self.at_most is not None else ("≥", self.at_least)
        return f"{sign} {bound:g} {self.unit}".strip()


class Reach(msgspec.Struct, forbid_unknown_fields=True):
    """What one scenario must reach with so many agents, and VMs where it deploys a number of them."""

    agents: int
    checks: dict[str, Bound]
    vms: int = 0


def reaches(path: Path = REACHES) -> dict[str, Reach]:
    """All reaches by scenario."""
    return msgspec.toml.decode(path.read_bytes(), type=dict[str, Reach])


def judge(reach: Reach, agents: int, figures: Mapping[str, Figure], seconds: int = 0, vms: int = 0) -> list[Check]:
    """One check per bound. A full run without the figure fails its check; a smaller run is judged on nothing, and a
    shorter one not on what takes its time to show."""
    checks = []
    for name, bound in reach.checks.items():
        figure = figures.get(name)
        value = None if figure is None else figure.value
        if agents < reach.agents:
            smaller = f"{name} (of {reach.agents:,} agents; this run: {agents:,})"
            checks.append(Check(name=smaller, value=value, reach=bound.text(), ok=None))
        elif vms < reach.vms:
            smaller = f"{name} (of {reach.vms:,} VMs; this run: {vms:,})"
            checks.append(Check(name=smaller, value=value, reach=bound.text(), ok=None))
        elif seconds < bound.seconds:
            shorter = f"{name} (of {bound.seconds:,} s; this run: {seconds:,})"
            checks.append(Check(name=shorter, value=value, reach=bound.text(), ok=None))
        else:
            ok = value is not None and figure is not None and figure.unit == bound.unit and bound.holds(value)
            checks.append(Check(name=name, value=value, reach=bound.text(), ok=ok))
    return checks
