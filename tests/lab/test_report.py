"""A lab report: its form, its verdicts, its exit code, its baseline."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lakh.lab import plots
from lakh.lab.reach import Bound, Reach, judge, reaches
from lakh.lab.report import BASELINES, Check, Figure, Report, baseline, write
from lakh.lab.run import Parameters
from lakh.lab.scenario import SCENARIOS

REACH = Reach(1000, {"seconds": Bound(unit="s", at_most=10), "rate": Bound(unit="1/s", at_least=50)})


def report(checks: list[Check] | None = None, **changes: object) -> Report:
    figures = {"seconds": Figure(9.5, "s"), "rate": Figure(60, "1/s")}
    made = Report(
        scenario="connect", parameters={"agents": 1000}, machine={"cores": 2}, figures=figures, checks=checks or []
    )
    return msgspec.structs.replace(made, **changes)


def test_figures_within_their_bounds_are_ok() -> None:
    checks = judge(REACH, 1000, report().figures)
    assert [(check.name, check.value, check.reach, check.ok) for check in checks] == [
        ("seconds", 9.5, "≤ 10 s", True),
        ("rate", 60, "≥ 50 1/s", True),
    ]


@pytest.mark.parametrize(
    "figures",
    [
        {"seconds": Figure(10.01, "s"), "rate": Figure(60, "1/s")},
        {"seconds": Figure(9.5, "s"), "rate": Figure(49, "1/s")},
        {"rate": Figure(60, "1/s")},
        {"seconds": Figure(9.5, "ms"), "rate": Figure(60, "1/s")},
    ],
    ids=["too slow", "too few", "figure missing", "other unit"],
)
def test_a_full_run_fails_beyond_a_bound_or_without_the_figure(figures: dict[str, Figure]) -> None:
    checks = judge(REACH, 1000, figures)
    assert sorted(check.ok for check in checks if check.ok is not None) == [False, True]
    assert report(checks).exit_code == 1


def test_a_smaller_run_is_never_ok_for_the_full_figure() -> None:
    checks = judge(REACH, 999, report().figures)
    assert [check.ok for check in checks] == [None, None]
    assert checks[0].name == "seconds (of 1,000 agents; this run: 999)"
    assert report(checks).exit_code == 0


def test_a_run_that_broke_fails_whatever_its_checks_say() -> None:
    checks = judge(REACH, 1000, report().figures)
    assert report(checks).exit_code == 0
    assert report(checks, failure="not all hosts are Up after 600 s").exit_code == 1


def test_the_json_has_the_stated_form(tmp_path: Path) -> None:
    write(report(judge(REACH, 1000, report().figures)), tmp_path, {})
    written = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert written["scenario"] == "connect"
    assert written["parameters"] == {"agents": 1000}
    assert written["figures"]["rate"] == {"value": 60, "unit": "1/s"}
    assert written["checks"][0] == {"name": "seconds", "value": 9.5, "reach": "≤ 10 s", "ok": True}


def test_the_page_holds_its_plots_and_refers_to_nothing(tmp_path: Path) -> None:
    image = plots.lines("hosts", "hosts", {"up": [(0, 0), (1, 20)], "connected": [(0, 0), (1, 30)]})
    assert image.startswith(b"\x89PNG")
    write(report(failure="a <b> broke"), tmp_path, {"hosts": image})
    page = (tmp_path / "report.html").read_text()
    assert (tmp_path / "hosts.png").read_bytes() == image
    assert "data:image/png;base64," in page
    assert "a &lt;b&gt; broke" in page
    assert "http" not in page


def test_a_baseline_counts_for_the_same_parameters_only(tmp_path: Path) -> None:
    (tmp_path / "connect.json").write_bytes(msgspec.json.encode([report()]))
    assert baseline(report(), tmp_path) == {"seconds": 9.5, "rate": 60}
    assert baseline(report(parameters={"agents": 50}), tmp_path) == {}
    assert baseline(report(scenario="storm"), tmp_path) == {}


def test_every_scenario_has_its_reach() -> None:
    known = reaches()
    assert {scenario.reach(Parameters()) for scenario in SCENARIOS.values()} <= known.keys()
    assert SCENARIOS["storm"].reach(Parameters(behaviour="java")) == "storm-java"
    for scenario in SCENARIOS.values():
        if "mutual_tls" in scenario.uses:
            assert scenario.reach(Parameters(mutual_tls=True)) in known
    for reach in known.values():
        for bound in reach.checks.values():
            assert (bound.at_most is None) != (bound.at_least is None)


@pytest.mark.parametrize("path", sorted(BASELINES.glob("*.json")), ids=lambda path: path.stem)
def test_the_baselines_in_the_repository_can_be_read(path: Path) -> None:
    for run in msgspec.json.decode(path.read_bytes(), type=list[Report]):
        assert run.scenario == path.stem
        assert run.failure is None
        assert baseline(run) == {name: figure.value for name, figure in run.figures.items()}
