"""`lakh lab run connect` with twenty agents: a real server, a real fleet, a report."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import CliRunner

from lakh.cli.main import lakh


def test_twenty_agents_connect_new_and_known(tmp_path: Path) -> None:
    ran = CliRunner().invoke(lakh, ["lab", "run", "connect", "--agents", "20", "--out", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert report["parameters"] == {"agents": 20, "processes": 0}
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert 0 < figures["known_hosts_seconds"] < 60
    assert figures["new_hosts_api_errors"] == figures["known_hosts_api_errors"] == 0
    assert figures["new_hosts_bytes"] > 1000
    assert figures["server_memory"] > 0
    assert {check["ok"] for check in report["checks"]} == {None}
    assert (tmp_path / "hosts.png").stat().st_size > 1000
    assert "connect" in (tmp_path / "report.html").read_text()


def test_the_same_with_strict_mutual_tls(tmp_path: Path) -> None:
    arguments = ["lab", "run", "connect", "--agents", "20", "--mutual-tls", "--out", str(tmp_path)]
    ran = CliRunner().invoke(lakh, arguments)
    assert ran.exit_code == 0, ran.output
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert report["parameters"] == {"agents": 20, "processes": 0, "mutual_tls": True}
    assert [check["name"].split()[0] for check in report["checks"]] == ["known_hosts_seconds", "server_memory"]
    assert 0 < report["figures"]["known_hosts_seconds"]["value"] < 60


def test_a_scenario_without_mutual_tls_says_so() -> None:
    ran = CliRunner().invoke(lakh, ["lab", "run", "steady", "--mutual-tls"])
    assert ran.exit_code == 2
    assert "not with steady, but with connect, storm" in ran.output


def test_an_unknown_scenario_names_those_there_are() -> None:
    ran = CliRunner().invoke(lakh, ["lab", "run", "conect"])
    assert ran.exit_code == 2
    assert "connect, steady, storm, rolling" in ran.output
