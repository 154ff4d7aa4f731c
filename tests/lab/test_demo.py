"""`lakh demo`, small: it ends with its proof, one JSON line, exit 0, and leaves no process behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lakh.lab.machine import command_line
from lakh.lab.processes import free_port

FIELDS = {
    "url": str,
    "api_key": str,
    "secret_key": str,
    "hosts": int,
    "vms": int,
    "connect_seconds": float,
    "deploy_seconds": float,
    "deploys_per_second": float,
    "vm_seconds": dict,
    "sql_statements_per_vm": float,
    "transactions_per_vm": float,
    "server_memory_mb": float,
    "fleet_memory_mb": float,
    "proof": dict,
}


def demo(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    ports = ["--api-port", str(free_port()), "--agent-port", str(free_port())]
    script = "from lakh.cli.main import main; main()"
    command = [sys.executable, "-c", script, "demo", "--folder", str(folder), "--json", "--no-keep", *ports, *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def left_behind(folder: Path) -> list[str]:
    found = [command_line(int(p)) for p in os.listdir("/proc") if p.isdigit()]
    return [line for line in found if str(folder) in line and "-m lakh." in line]


def test_a_small_demo_proves_itself(tmp_path: Path) -> None:
    done = demo(tmp_path / "demo", "--hosts", "40", "--vms", "60", "--workers", "10")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    for name, kind in FIELDS.items():
        assert isinstance(result[name], kind), name
    assert result["hosts"] == 40
    assert result["vms"] == 60
    assert result["proof"]["ok"], result["proof"]["mismatches"]
    assert result["proof"]["vms_checked"] == 60
    assert result["proof"]["volumes_checked"] >= 60
    assert result["proof"]["system_vms_checked"] >= 3, "a router, a secondary storage VM and a console proxy at least"
    assert result["transactions_per_vm"] < 4
    assert result["sql_statements_per_vm"] < 40
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("flag", ["--api-port", "--agent-port"])
def test_a_taken_port_is_a_clear_error(tmp_path: Path, flag: str) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = demo(tmp_path / "demo", "--hosts", "1", "--vms", "1", flag, port)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
