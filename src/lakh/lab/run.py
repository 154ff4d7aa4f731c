"""One run of a scenario in the making: what it was asked, its stand, and the figures it has found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakh.fleet.statistics import slot_seconds
from lakh.lab import plots
from lakh.lab.reach import Bound
from lakh.lab.report import Figure, StatementCost, Timing
from lakh.lab.stand import Stand


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the command line gave; 0 is the scenario's own. `processes` 0: as many as the agents need.

    `store`: a folder that keeps everything for the next run; `postgresql`: one of the run's own in place of the
    embedded store; `store_url`: one that is there.
    `mutual_tls`: the server is strict, and every agent shows a certificate.
    """

    agents: int = 0
    seconds: int = 0
    processes: int = 0
    behaviour: str = ""
    vms: int = 0
    mutual_tls: bool = False
    clusters: int = 0
    workers: int = 0
    store: str = ""
    store_url: str = ""
    postgresql: bool = False
    seeded: int = 0


@dataclass(slots=True)
class Run:
    """One run in the making: a scenario reads the parameters, drives the stand, and calls `figure`."""

    parameters: Parameters
    stand: Stand
    figures: dict[str, Figure] = field(default_factory=dict)
    charts: dict[str, plots.Chart] = field(default_factory=dict)
    statements: list[StatementCost] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    """What its figures will be judged by."""
    reached: int | None = None
    """VMs there are in the end, where a run does not deploy all that were asked for."""

    def figure(self, name: str, value: float, unit: str) -> None:
        self.figures[name] = Figure(round(value, 4), unit)
        self.stand.screen.detail(f"{name}: {value:,.6g} {unit}")

    async def returns(self, name: str = "reconnect") -> None:
        """Figures of how long agents took from a lost link to Ready, since the fleet's start."""
        assert self.stand.fleet is not None
        slots = (await self.stand.fleet.ask("stats"))[-1]["back_slots"]
        for label, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            self.figure(f"{name}_{label}", slot_seconds(slots, part), "s")
