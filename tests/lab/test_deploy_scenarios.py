"""`lakh lab run deploy` and its like with a few hosts: a real server, fleet and load client, and a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from lakh.cli.main import lakh
from lakh.lab.costs import Idle, Look, cost, server_seconds
from lakh.lab.load import Outcome
from lakh.lab.reach import judge, reaches
from lakh.lab.run import Parameters
from lakh.lab.scenario import SCENARIOS

CPU = ("client", "http", "jobs", "store", "gateways", "fleet", "background")


def ran(scenario: str, folder: Path, *flags: str) -> dict[str, Any]:
    done = CliRunner().invoke(lakh, ["lab", "run", scenario, "--out", str(folder), *flags])
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = msgspec.json.decode((folder / "report.json").read_bytes())
    assert {check["ok"] for check in report["checks"]} == {None}
    return report


def test_a_small_deployment_is_measured_and_proven(tmp_path: Path) -> None:
    report = ran("deploy", tmp_path, "--hosts", "40", "--clusters", "4", "--vms", "60", "--workers", "10")
    assert report["parameters"] == {"agents": 40, "processes": 0, "vms": 60, "workers": 10, "clusters": 4}
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert figures["vms_proven"] == 62, "and a first VM in each zone"
    assert figures["failures"] == figures["mismatches"] == 0
    assert figures["cpu"] == pytest.approx(sum(figures[f"cpu_{row}"] for row in CPU), abs=0.01)
    assert 2.9 < figures["transactions"] < 4
    assert 0 < figures["server_seconds_p50"] <= figures["server_seconds_p99"]
    assert {entry["value"] for entry in report["published"]} >= {1841, 5629}
    told = {entry["name"]: entry["runs"] for entry in report["statements"]}
    assert told["vm.insert"] == pytest.approx(1.0, abs=0.1)
    for plot in ("vms", "each", "sql", "memory", "lag", "cpu"):
        assert (tmp_path / f"{plot}.png").stat().st_size > 1000
    assert "OpenStack" in (tmp_path / "report.html").read_text()


def test_blocks_alternate_between_many_clusters_and_one(tmp_path: Path) -> None:
    flags = ("--hosts", "60", "--clusters", "1", "--vms", "20", "--workers", "2")
    figures = ran("single-cluster", tmp_path, *flags)["figures"]
    assert figures["hosts_in_one_cluster"]["value"] == 40
    assert figures["vms_proven"]["value"] == 22
    assert figures["sql_statements_apart"]["unit"] == "%"
    many, one = figures["sql_statements_many"]["value"], figures["sql_statements_one"]["value"]
    assert figures["sql_statements_apart"]["value"] == pytest.approx(abs(one / many - 1) * 100, abs=0.01)


def test_lives_of_vms_end_without_an_error(tmp_path: Path) -> None:
    flags = ("--hosts", "40", "--vms", "4", "--workers", "4", "--seconds", "4")
    figures = ran("mixed", tmp_path, *flags)["figures"]
    assert figures["errors"]["value"] == figures["mismatches"]["value"] == 0
    assert figures["listVirtualMachines_count"]["value"] > 0
    assert figures["vms_proven"]["value"] == 6 + figures["deployVirtualMachine_count"]["value"]


def test_fewer_vms_than_the_reach_asks_for_are_judged_on_nothing() -> None:
    reach = reaches()["deploy"]
    checks = judge(reach, 50_000, {}, vms=9_999)
    assert {check.ok for check in checks} == {None}
    assert checks[0].name == "deploy_seconds (of 10,000 VMs; this run: 9,999)"
    assert {check.ok for check in judge(reach, 50_000, {}, vms=10_000)} == {False}


def test_a_scenario_told_nothing_takes_its_own_parameters() -> None:
    assert SCENARIOS["deploy"].filled(Parameters(vms=5)) == Parameters(
        agents=50_000, seconds=60, clusters=2500, vms=5, workers=50
    )
    assert SCENARIOS["flap"].filled(Parameters()).seconds == 600


def test_costs_take_the_idle_time_off_and_add_up() -> None:
    parts = ("control loop", "control threads", "gateways", "fleet")
    before = Look(100.0, dict.fromkeys(parts, 1.0), {})
    after = Look(110.0, dict(zip(parts, (3.0, 2.0, 2.5, 2.0), strict=True)), {})
    outcome = Outcome(cpu_seconds=0.5, requests=400, taken={"deployVirtualMachine": [0.1] * 100})
    found = cost(before, after, outcome, Idle(dict.fromkeys(parts, 0.02), 0.001))
    assert found.cpu_ms["http"] == pytest.approx(4.0)
    assert found.cpu_ms["jobs"] == pytest.approx(20 - 2 - 4)
    assert found.cpu_ms["background"] == pytest.approx(8.0)
    assert found.cpu_ms_all == pytest.approx((2.0 + 1.0 + 1.5 + 1.0 + 0.5) * 10)


def test_the_servers_own_seconds_are_those_between_two_looks() -> None:
    def look(*counts: float) -> Look:
        name = 'lakh_job_seconds_bucket{command="deployVirtualMachine",le='
        bounds = ("0.1", "0.2", "+Inf")
        return Look(0.0, {}, {f'{name}"{bound}"}}': count for bound, count in zip(bounds, counts, strict=True)})

    assert server_seconds(look(5, 5, 5), look(6, 15, 15), 0.5) == 0.2
    assert server_seconds(look(5, 5, 5), look(14, 15, 15), 0.5) == 0.1
    assert server_seconds(look(5, 5, 5), look(5, 5, 5), 0.5) == 0.0


def test_caches_are_cheaper_than_a_load_for_each_retrieval(tmp_path: Path) -> None:
    figures = ran("config-cache", tmp_path, "--hosts", "40", "--vms", "60", "--workers", "4")["figures"]
    assert figures["settings_retrievals"]["value"] > 5
    assert figures["settings_loads"]["value"] > 0
    for cache in ("settings", "role_permissions"):
        assert 0 < figures[f"{cache}_average_with"]["value"] < figures[f"{cache}_average_without"]["value"]
