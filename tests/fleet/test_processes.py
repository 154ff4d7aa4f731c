"""The command as people run it: one process or several, statistics, an orderly end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from tests.agent.cloud import POOL, command, uuid, vm, volume
from tests.fleet.management import ManagementServer
from tests.fleet.test_control import read

SOURCES = str(Path(__file__).parents[2] / "src")


async def run(*arguments: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "lakh.fleet", *arguments, env=environment)


async def end(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        return await process.wait()


async def one(server: ManagementServer, host: str, name: str, **body: Any) -> Any:
    (answer,) = await server.seats[host].call([command(name, **body)])
    assert answer.result, answer
    return answer


async def test_one_process_from_start_to_end(server: ManagementServer, quick: str, tmp_path: Path) -> None:
    statistics, control = tmp_path / "statistics", tmp_path / "c"
    process = await run(
        "--agents", "6", "--clusters", "2", "--server", f"127.0.0.1:{server.port}", "--behaviour", quick,
        "--statistics", str(statistics), "--control", str(control), "--batch-size", "2", "--batch-wait-seconds", "0.01",
    )  # fmt: skip
    await server.until(lambda: len(server.ready) == 6)
    *_, last = await read(control, {"command": "state"})
    assert last["totals"]["connected"] == 6
    assert (await read(control, {"command": "stop"}))[-1] == {"done": True}
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    assert len(server.farewells) == 6
    assert not control.exists()
    for line in statistics.read_text().splitlines():
        assert msgspec.json.decode(line)["memory_mb"] > 0


async def test_two_processes_share_their_storage(server: ManagementServer, quick: str, tmp_path: Path) -> None:
    control = tmp_path / "c"
    process = await run(
        "--agents", "4", "--server", f"127.0.0.1:{server.port}", "--behaviour", quick,
        "--processes", "2", "--control", str(control),
    )  # fmt: skip
    await server.until(lambda: len(server.ready) == 4)
    first, last = "kvm-000001", "kvm-000004"
    await one(server, first, "org.apache.cloudstack.storage.command.CreateObjectCommand", data=volume(10, made=False))
    body = vm(10)
    await one(server, last, "StartCommand", vm=body)
    (answer,) = await server.seats[first].call([command("StartCommand", vm={**body, "name": "i-2-11-VM"})])
    assert "already in use" in answer.details
    startup = server.seats[first].startup
    assert startup is not None
    await one(server, first, "PrepareForMigrationCommand", vm=body)
    await one(server, last, "MigrateCommand", vmName="i-2-10-VM", destinationIp=startup.body["privateIpAddress"])
    assert (await one(server, first, "CheckVirtualMachineCommand", vmName="i-2-10-VM")).body["state"] == "PowerOn"
    *lines, total = await read(control, {"command": "state"})
    assert {line["agent"]["name"]: len(line["agent"]["vms"]) for line in lines} == {
        "kvm-000001": 1, "kvm-000002": 0, "kvm-000003": 0, "kvm-000004": 0,
    }  # fmt: skip
    assert (total["totals"]["agents"], total["totals"]["vms"]) == (4, 1)
    (line, _) = await read(control, {"command": "volumes"})
    assert (line["volume"]["pool"], line["volume"]["name"], line["volume"]["host"]) == (POOL, uuid(10), 1)
    assert (await read(control, {"command": "disconnect", "names": [last]}))[-1]["count"] == 1
    assert await end(process) == 0


async def test_wrong_arguments_are_told(tmp_path: Path) -> None:
    process = await run("--server", "nowhere:port")
    async with asyncio.timeout(20):
        assert await process.wait() == 2
