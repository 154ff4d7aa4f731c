"""A run's report: figures, checks and plots, as JSON for machines and as one HTML page for people."""

from __future__ import annotations

import base64
import html
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from lakh import __version__
from lakh.wire.openssl import OPENSSL_VERSION

BASELINES: Final = Path(__file__).parent / "baselines"
TIMINGS_SHOWN: Final = 40


class Figure(msgspec.Struct):
    """A measured value."""

    value: float
    unit: str


class Check(msgspec.Struct, kw_only=True):
    """A verdict: `ok` None is not judged (the run was too small for the reach)."""

    name: str
    value: float | None
    reach: str
    ok: bool | None


class Published(msgspec.Struct):
    """A figure that others have published, and where."""

    what: str
    value: float
    unit: str
    source: str


class StatementCost(msgspec.Struct):
    """A statement of the server's, for each VM: how often it ran, and ms of the clock in it."""

    name: str
    runs: float
    milliseconds: float


class Timing(msgspec.Struct):
    """What one question took, in ms: by the clock, and of the processor at least; `cold` at its first time. `kind` is
    what of a scenario's checks it counts for, `bound` that check's."""

    name: str
    kind: str
    bound: float | None
    p95: float
    p50: float
    processor: float
    cold: float

    @property
    def p95_over(self) -> bool:
        return self.bound is not None and self.p95 > self.bound

    @property
    def p50_over(self) -> bool:
        return self.bound is not None and self.p50 > self.bound


class Report(msgspec.Struct, kw_only=True):
    """What report.json holds. `statements`: those that took the most time. `timings`: questions, those first that came
    nearest to their bounds or went above. `compared` holds each figure's baseline
    value, where there is a baseline of this size."""

    scenario: str
    parameters: dict[str, Any]
    machine: dict[str, Any]
    figures: dict[str, Figure]
    checks: list[Check]
    compared: dict[str, float] = msgspec.field(default_factory=dict)
    failure: str | None = None
    published: list[Published] = msgspec.field(default_factory=list)
    statements: list[StatementCost] = msgspec.field(default_factory=list)
    timings: list[Timing] = msgspec.field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 when a check failed or the run did not come to its end."""
        return 1 if self.failure is not None or any(check.ok is False for check in self.checks) else 0


def machine() -> dict[str, Any]:
    """What it ran on."""
    import os

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / (1 << 30), 1),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "openssl": OPENSSL_VERSION,
        "lakh": __version__,
        "load_before": round(os.getloadavg()[0], 2),
        "command": " ".join(["lakh", *sys.argv[1:]]),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def baseline(report: Report, folder: Path = BASELINES) -> dict[str, float]:
    """The figures of the baseline of this scenario and these parameters; empty when there is none."""
    try:
        known = msgspec.json.decode((folder / f"{report.scenario}.json").read_bytes(), type=list[Report])
    except FileNotFoundError:
        return {}
    for run in known:
        if run.parameters == report.parameters:
            return {name: figure.value for name, figure in run.figures.items()}
    return {}


def write(report: Report, folder: Path, plots: Mapping[str, bytes]) -> None:
    """report.json, report.html, and a PNG for each plot (name to PNG bytes)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in plots.items():
        (folder / f"{name}.png").write_bytes(image)
    encoded = msgspec.json.format(msgspec.json.encode(report), indent=2)
    (folder / "report.json").write_bytes(encoded + b"\n")
    (folder / "report.html").write_text(page(report, plots))


_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .9rem .2rem 0;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}img{max-width:100%}"
    ".ok{color:#197319}.failed{color:#b00020;font-weight:bold}.open{color:#777}"
)


def page(report: Report, plots: Mapping[str, bytes]) -> str:
    """The HTML page; it refers to nothing outside itself."""
    verdict = f"<p class=failed>{html.escape(report.failure)}</p>" if report.failure else ""
    images = "".join(
        f'<h2>{html.escape(name)}</h2><img alt="{html.escape(name)}" src="data:image/png;base64,'
        f'{base64.b64encode(image).decode()}">'
        for name, image in plots.items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(report.scenario)}</title>"
        f"<style>{_STYLE}</style><h1>{html.escape(report.scenario)}</h1>{verdict}"
        f"<h2>Checks</h2>{_checks(report.checks)}<h2>Figures</h2>{_figures(report)}{images}"
        f"{_published(report.published)}{_timings(report.timings)}{_statements(report.statements)}"
        f"<h2>Run</h2>{_pairs({**report.parameters, **report.machine})}</html>"
    )


def _checks(checks: Sequence[Check]) -> str:
    rows = [("check", "value", "reach", "verdict")]
    text = "<table><tr>" + "".join(f"<th>{name}</th>" for name in rows[0]) + "</tr>"
    for check in checks:
        kind, verdict = {True: ("ok", "ok"), False: ("failed", "failed"), None: ("open", "not judged")}[check.ok]
        value = "" if check.value is None else f"{check.value:,.6g}"
        text += (
            f"<tr><td>{html.escape(check.name)}</td><td class=n>{value}</td>"
            f"<td>{html.escape(check.reach)}</td><td class={kind}>{verdict}</td></tr>"
        )
    return text + "</table>"


def _figures(report: Report) -> str:
    text = "<table><tr><th>figure</th><th>value</th><th>unit</th><th>baseline</th></tr>"
    for name, figure in report.figures.items():
        before = report.compared.get(name)
        text += (
            f"<tr><td>{html.escape(name)}</td><td class=n>{figure.value:,.6g}</td><td>{html.escape(figure.unit)}</td>"
            f"<td class=n>{'' if before is None else f'{before:,.6g}'}</td></tr>"
        )
    return text + "</table>"


def _published(known: Sequence[Published]) -> str:
    if not known:
        return ""
    text = "<h2>Published by others</h2><table><tr><th>what</th><th>value</th><th>unit</th><th>source</th></tr>"
    for entry in known:
        text += (
            f"<tr><td>{html.escape(entry.what)}</td><td class=n>{entry.value:,.6g}</td>"
            f"<td>{html.escape(entry.unit)}</td><td>{html.escape(entry.source)}</td></tr>"
        )
    return text + "</table>"


def _statements(costs: Sequence[StatementCost]) -> str:
    if not costs:
        return ""
    text = "<h2>Statements</h2><table><tr><th>statement</th><th>runs per VM</th><th>ms per VM</th></tr>"
    for cost in costs:
        text += (
            f"<tr><td>{html.escape(cost.name)}</td><td class=n>{cost.runs:,.4g}</td>"
            f"<td class=n>{cost.milliseconds:,.4g}</td></tr>"
        )
    return text + "</table>"


def _timings(taken: Sequence[Timing]) -> str:
    """Those above their bounds, and then as many as make up TIMINGS_SHOWN; report.json has all."""
    if not taken:
        return ""
    over = sum(timing.p95_over for timing in taken)
    shown = taken[: max(over, TIMINGS_SHOWN)]
    text = f"<h2>Questions</h2><p>{over} of {len(taken)} with a p95 above the bound of their kind; ms</p><table><tr>"
    text += "".join(f"<th>{name}</th>" for name in ("question", "bound", "p95", "p50", "processor", "cold")) + "</tr>"
    for timing in shown:
        kind = ' class="n failed"' if timing.p95_over else " class=n"
        bound = "" if timing.bound is None else f"{timing.bound:g}"
        text += (
            f"<tr><td>{html.escape(timing.name)}</td><td class=n>{bound}</td><td{kind}>{timing.p95:,.1f}</td>"
            f"<td class=n>{timing.p50:,.1f}</td><td class=n>{timing.processor:,.1f}</td>"
            f"<td class=n>{timing.cold:,.1f}</td></tr>"
        )
    return text + "</table>"


def _pairs(values: Mapping[str, Any]) -> str:
    rows = (f"<tr><td>{html.escape(str(k))}</td><td>{html.escape(str(v))}</td></tr>" for k, v in values.items())
    return f"<table>{''.join(rows)}</table>"
