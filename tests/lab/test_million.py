"""`lakh lab run million` over several runs, one of them killed: nothing is lost, and the reports add up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from lakh.cli.main import lakh
from lakh.lab import million
from lakh.lab.machine import command_line, family
from lakh.lab.progress import load

FLAGS = ("--hosts", "40", "--workers", "10", "--processes", "2")


def ran(folder: Path, vms: int, code: int = 0) -> dict[str, Any]:
    flags = [*FLAGS, "--vms", str(vms), "--store", str(folder / "store"), "--out", str(folder / "out")]
    done = CliRunner().invoke(lakh, ["lab", "run", "million", *flags])
    assert done.exit_code == code, done.output
    report: dict[str, Any] = msgspec.json.decode((folder / "out" / "report.json").read_bytes())
    return report


def test_a_run_goes_on_where_a_killed_one_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million, "BLOCK", 150)
    monkeypatch.setattr(million, "PER_NETWORK", 60)
    first = {name: figure["value"] for name, figure in ran(tmp_path, 60)["figures"].items()}
    assert (first["vms"], first["part_from"], first["part_to"]) == (60, 3, 60)
    assert first["failures"] == first["mismatches"] == 0
    kill_one_midway(tmp_path, 4000)

    report = ran(tmp_path, 500)
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert figures["runs"] == 3
    assert figures["part_from"] > 60, "what the killed run deployed is there"
    assert figures["part_to"] == figures["vms"] == load_vms(tmp_path)
    assert figures["failures"] == figures["mismatches"] == 0
    assert {check["ok"] for check in report["checks"]} == {None}
    progress = load(tmp_path / "store")
    assert progress is not None
    assert progress.networks >= 2
    assert [part.number for part in progress.parts] == [1, 3]
    for plot in ("vms", "rate", "cost", "sql", "memory", "accepted"):
        assert (tmp_path / "out" / f"{plot}.png").stat().st_size > 1000


def kill_one_midway(folder: Path, vms: int) -> None:
    """kill -9 of a run, with its server, fleet and load client, once its first block is under way."""
    running = deploying(folder, vms, folder / "killed")
    assert not ended(running, 0.7), "some VMs are deployed, some under way"
    for pid in family(running.pid):
        os.kill(pid, signal.SIGKILL)
    running.wait()


def test_a_run_that_is_told_to_stop_leaves_no_process_behind(tmp_path: Path) -> None:
    running = deploying(tmp_path, 4000, tmp_path / "out")
    started = family(running.pid)
    assert len(started) > 5
    running.terminate()
    assert running.wait(60) == 1, (tmp_path / "log").read_text()
    assert msgspec.json.decode((tmp_path / "out" / "report.json").read_bytes())["failure"] == "interrupted"
    assert [line for pid in started if (line := command_line(pid))] == []


def deploying(folder: Path, vms: int, out: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, whose load client has begun."""
    flags = [*FLAGS, "--vms", str(vms), "--store", str(folder / "store"), "--out", str(out)]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "lakh.cli", "lab", "run", "million", *flags], stdout=log, stderr=log
        )
    deadline = time.monotonic() + 300
    while not any("lakh.lab.load" in line for line in command_lines(running.pid)):
        assert not ended(running, 0.2), (folder / "log").read_text()
        assert time.monotonic() < deadline
    return running


def ended(running: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def command_lines(pid: int) -> list[str]:
    return [Path(f"/proc/{each}/cmdline").read_text(errors="replace") for each in family(pid)]


def load_vms(folder: Path) -> int:
    progress = load(folder / "store")
    assert progress is not None
    return progress.blocks[-1].last


def test_another_size_is_refused(tmp_path: Path) -> None:
    ran(tmp_path, 4)
    flags = ["--hosts", "20", "--vms", "4", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(lakh, ["lab", "run", "million", *flags])
    assert done.exit_code == 1
    assert "go on with --agents 40 --processes 2" in done.output


def test_a_full_machine_ends_the_run_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(million, "machine_memory_gb", lambda: 14.2)
    flags = [*FLAGS, "--vms", "4", "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(lakh, ["lab", "run", "million", *flags])
    assert done.exit_code == 1
    assert "the machine uses 14.2 GB of memory, more than 14" in done.output


def test_vms_that_were_seeded_run_on_the_fleet_also_when_a_run_ended_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = [*FLAGS, "--vms", "330", "--seeded", "300", "--store", str(tmp_path / "store"), "--out", str(tmp_path)]
    with monkeypatch.context() as patched:
        patched.setattr(million, "_START_SECONDS", 0.0)
        done = CliRunner().invoke(lakh, ["lab", "run", "million", *flags])
        assert done.exit_code == 1, done.output
    assert (tmp_path / "store" / "server" / "seeded.json").exists()
    done = CliRunner().invoke(lakh, ["lab", "run", "million", *flags])
    assert done.exit_code == 0, done.output
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    assert report["parameters"]["seeded"] == 300
    assert figures["vms"] == 330
    assert figures["failures"] == figures["mismatches"] == 0
    assert figures["vms_proven"] == 330
