"""The scenario of lists: its store is kept and used again, and its report says which questions missed their bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from tests.lab.test_report import report

from lakh.cli.main import lakh
from lakh.lab import lists
from lakh.lab.list_timing import Asked, middle, p95
from lakh.lab.report import Timing, page

SIZE = ("--hosts", "20", "--vms", "300")


def ran(folder: Path, *flags: str, code: int = 0) -> dict[str, Any]:
    flags = (*flags, "--store", str(folder / "store"), "--out", str(folder / "out"))
    done = CliRunner().invoke(lakh, ["lab", "run", "lists", *flags])
    assert done.exit_code == code, done.output
    told: dict[str, Any] = msgspec.json.decode((folder / "out" / "report.json").read_bytes())
    return told


def test_a_kept_store_is_asked_again_without_seeding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "ROUNDS", 2)
    monkeypatch.setattr(lists, "IDLE_SECONDS", 0.2)
    first, second = (ran(tmp_path, *SIZE) for _ in range(2))
    assert "seeding_seconds" in first["figures"]
    assert "seeding_seconds" not in second["figures"]
    for told in (first, second):
        assert {check["ok"] for check in told["checks"]} == {None}, "a small run is judged on nothing"
        assert told["figures"]["rounds"]["value"] == 2
        assert 0 <= told["figures"]["idle_cpu"]["value"] < 200
        timings = msgspec.convert(told["timings"], list[Timing])
        assert len(timings) == told["figures"]["questions"]["value"] > 700
        assert all(timing.processor > 0 and 0 < timing.p50 <= timing.p95 and timing.cold > 0 for timing in timings)
        assert {timing.bound for timing in timings if timing.kind == "keyword"} == {40}
        ratios = [timing.p95 / timing.bound for timing in timings if timing.bound]
        assert ratios == sorted(ratios, reverse=True)
        over = sum(timing.p95 > timing.bound for timing in timings if timing.bound)
        assert told["figures"]["questions_p95_over"]["value"] == over
    other = ran(tmp_path, "--hosts", "30", "--vms", "300", code=1)
    assert "keeps a store of 20 hosts: give its sizes, or another --store" in other["failure"]


def test_the_page_names_questions_above_their_bound() -> None:
    slow = Timing("listEvents(keyword=x) 50 as admin", "keyword", 40, p95=51.25, p50=39, processor=38, cold=80)
    fine = Timing("listZones() 50 as admin", "page_50", 20, p95=2, p50=1, processor=1, cold=3)
    assert (slow.p95_over, slow.p50_over, fine.p95_over) == (True, False, False)
    text = page(report(timings=[slow, fine]), {})
    assert "1 of 2 with a p95 above" in text
    assert 'class="n failed">51.2<' in text
    assert "listZones() 50 as admin" in text


def test_figures_of_few_times() -> None:
    times = [float(number) for number in range(1, 22)]
    assert (p95(times), middle(times)) == (20, 11)
    assert (p95([5.0]), middle([5.0])) == (5, 5)


def test_a_page_counts_for_the_check_of_its_kind() -> None:
    kinds = [("common", 50), ("common", 500), ("other", 50), ("keyword", 50), ("short keyword", 50)]
    checks = [Asked(group, "", size, deep=False).check for group, size in kinds]
    assert checks == ["page_50_p95", "page_500_p95", "other_p95", "keyword_p95", "short_keyword_p95"]
