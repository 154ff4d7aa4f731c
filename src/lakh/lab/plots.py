"""Plots of a run, as PNG bytes. matplotlib takes half a second to import, so only a finished run does."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Series = Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a scenario wants drawn: a line per series of (x, y) points. `doubling`: both axes by powers of two, with a
    mark at each point."""

    title: str
    unit: str
    series: Series
    across: str = "seconds"
    doubling: bool = False

    def png(self) -> bytes:
        return lines(self.title, self.unit, self.series, across=self.across, doubling=self.doubling)


def lines(title: str, unit: str, series: Series, *, across: str = "seconds", doubling: bool = False) -> bytes:
    """One line per series of (x, y) points."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    mark = "o" if doubling else ""
    for name, points in series.items():
        axes.plot([x for x, _ in points], [y for _, y in points], label=name, linewidth=1.4, marker=mark)
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(unit)
    if doubling:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
    else:
        axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if len(series) > 1:
        axes.legend()
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110)
    return target.getvalue()
