"""Scenarios with a handful of agents: real servers, real fleets, whole reports; and what they reckon with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from lakh.cli.main import lakh
from lakh.lab.flap import leaked, slope
from lakh.lab.reach import Bound, Reach, judge
from lakh.lab.report import Figure
from lakh.lab.storage_connect import MOUNT_SECONDS, WORKERS, mount_seconds


def run(scenario: str, out: Path, *flags: str) -> dict[str, Any]:
    """The figures of a run that must come to its end."""
    ran = CliRunner().invoke(lakh, ["lab", "run", scenario, *flags, "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    report = msgspec.json.decode((out / "report.json").read_bytes())
    assert {check["ok"] for check in report["checks"]} == {None}, "a small run is judged on nothing"
    return {name: figure["value"] for name, figure in report["figures"].items()}


def test_a_gateway_started_meanwhile_is_no_leak() -> None:
    before = {"gateways": 100_077.0, "links": 100_000.0, "listening": 5.0, "processes": 8.0}
    grown = {"gateways": 100_090.0, "links": 100_000.0, "listening": 9.0, "processes": 9.0}
    assert leaked(before, grown) == 0
    assert leaked(before, grown | {"gateways": 100_093.0}) == 3, "links that nobody has"


def test_a_flapping_fleet_leaks_nothing(tmp_path: Path) -> None:
    figures = run("flap", tmp_path, "--agents", "20", "--seconds", "8")
    assert figures["links_cut"] == 2
    assert 20 <= figures["sessions_at_begin"] <= figures["sessions_at_end"]  # agents of system VMs may join
    assert figures["sessions_leaked"] == figures["gateway_descriptors_leaked"] == 0
    assert figures["hosts_shown_down"] == figures["hosts_shown_in_alert"] == figures["api_errors"] == 0
    assert 0 < figures["reconnect_p50"] < 30
    assert (tmp_path / "memory.png").stat().st_size > 1000


def test_more_workers_connect_a_pool_sooner(tmp_path: Path) -> None:
    figures = run("storage-connect", tmp_path, "--hosts", "16")
    assert figures["hosts_without_pool"] == 0
    assert figures["workers_16_seconds"] < figures["workers_1_seconds"]
    assert (tmp_path / "workers.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("points", "expected"), [([], 0), ([(1, 5)], 0), ([(0, 1), (10, 21)], 2), ([(3, 1), (3, 9)], 0)]
)
def test_the_slope_is_that_of_the_line_through_the_points(points: list[tuple[float, float]], expected: float) -> None:
    assert slope(points) == pytest.approx(expected)


def test_noise_around_a_level_has_hardly_a_slope() -> None:
    assert abs(slope([(second, 100 + second % 2) for second in range(1000)])) < 0.001


@pytest.mark.parametrize("hosts", [1, 200, 2000, 50_000, 100_000])
def test_one_worker_is_through_with_all_hosts_in_time(hosts: int) -> None:
    each = mount_seconds(hosts)
    assert 0 < each <= MOUNT_SECONDS
    assert sum(hosts * each / number for number in WORKERS) <= 900.001


def test_a_shorter_run_is_not_judged_on_what_takes_its_time() -> None:
    reach = Reach(10, {"slope": Bound(unit="MB/h", at_most=5, seconds=3600), "lost": Bound(unit="", at_most=0)})
    figures = {"slope": Figure(1, "MB/h"), "lost": Figure(0, "")}
    short, long = (judge(reach, 10, figures, seconds) for seconds in (600, 3600))
    assert [(check.name, check.ok) for check in short] == [("slope (of 3,600 s; this run: 600)", None), ("lost", True)]
    assert [check.ok for check in long] == [True, True]


def test_placement_alone_is_measured_and_a_cloud_filled(tmp_path: Path) -> None:
    figures = run("placement", tmp_path, "--hosts", "60")
    assert figures["exact_scans_per_second"] > 0
    assert figures["default_per_second"] > 0
    assert figures["default_per_second"] == pytest.approx(1e6 / figures["mixed_in_clusters_of_20"], rel=1e-3)
    assert 90 < figures["packed"] <= 100
    assert figures["packed_with_tag"] <= 100
    assert (tmp_path / "filling.png").stat().st_size > 1000


def test_calls_beside_many_addresses_are_compared_with_calls_beside_few(tmp_path: Path) -> None:
    figures = run("addresses", tmp_path, "--vms", "1200")
    for call in ("guest_address", "public_address", "network", "vlan"):
        assert figures[f"{call}_cpu_few"] > 0
        assert figures[f"{call}_statements_few"] == figures[f"{call}_statements_many"] > 0
    for name in ("list_public_addresses", "list_free_addresses", "list_networks", "list_nics"):
        assert figures[f"{name}_statements_few"] == figures[f"{name}_statements_many"]
    assert figures["statements_ratio"] == 1
    assert figures["cpu_ratio"] >= figures["vlan_cpu_ratio"] > 0
    assert figures["list_cpu_ratio"] >= figures["list_nics_cpu_ratio"] > 0
