"""Plots of a run, as PNG bytes. matplotlib takes half a second to import, so only a finished run does."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

Series = Mapping[str, Sequence[tuple[float, float]]]


def lines(title: str, unit: str, series: Series, *, across: str = "seconds") -> bytes:
    """One line per series of (x, y) points."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, points in series.items():
        axes.plot([x for x, _ in points], [y for _, y in points], label=name, linewidth=1.4)
    axes.set_title(title)
    axes.set_xlabel(across)
    axes.set_ylabel(unit)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if len(series) > 1:
        axes.legend()
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110)
    return target.getvalue()
