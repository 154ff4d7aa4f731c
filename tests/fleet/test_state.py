"""A fleet that keeps its state: what its hosts ran is there again after a kill -9."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.agent.cloud import POOL, command, vm, volume
from tests.fleet.management import ManagementServer
from tests.fleet.test_control import read
from tests.fleet.test_processes import end, one, run

from lakh.fleet.diary import StateError
from lakh.fleet.fleet import Fleet
from lakh.fleet.identity import spread
from lakh.fleet.options import Options
from lakh.lab.machine import family

CREATE = "org.apache.cloudstack.storage.command.CreateObjectCommand"
FIRST, LAST = "kvm-000001", "kvm-000004"


def flags(server: ManagementServer, quick: str, folder: Path, processes: str = "2") -> tuple[str, ...]:
    return (
        "--agents", "4", "--server", f"127.0.0.1:{server.port}", "--behaviour", quick, "--processes", processes,
        "--control", str(folder / "c"), "--state", str(folder / "kept"),
    )  # fmt: skip


async def vms(folder: Path) -> dict[str, list[dict[str, Any]]]:
    *lines, _ = await read(folder / "c", {"command": "state"})
    return {line["agent"]["name"]: line["agent"]["vms"] for line in lines if line["agent"]["vms"]}


async def test_vms_and_volumes_outlive_a_kill(server: ManagementServer, quick: str, tmp_path: Path) -> None:
    process = await run(*flags(server, quick, tmp_path))
    await server.until(lambda: len(server.ready) == 4)
    for number, host in ((10, FIRST), (11, LAST), (12, LAST)):
        await one(server, host, CREATE, data=volume(number, made=False))
        await one(server, host, "StartCommand", vm=vm(number))
    await one(server, LAST, "SecurityGroupRulesCmd", vmName="i-2-11-VM", vmId=11, seqNum=7)
    await one(server, LAST, "StopCommand", vmName="i-2-12-VM")
    before = await vms(tmp_path)
    assert {host: [each["name"] for each in there] for host, there in before.items()} == {
        FIRST: ["i-2-10-VM"], LAST: ["i-2-11-VM"],
    }  # fmt: skip
    for pid in family(process.pid):
        os.kill(pid, signal.SIGKILL)
    await process.wait()
    for known in (server.ready, server.pools, server.pings):
        known.clear()
    server.ping_seconds = 1

    process = await run(*flags(server, quick, tmp_path))
    await server.until(lambda: len(server.ready) == 4)
    assert await vms(tmp_path) == before
    await server.until(lambda: {"i-2-11-VM": [11, 7]} in [ping.body.get("newGroupStates") for _, ping in server.pings])
    (answer,) = await server.seats[FIRST].call([command("StartCommand", vm={**vm(11), "name": "i-2-99-VM"})])
    assert "already in use" in answer.details, "its volume is locked and its address taken as before"
    await one(server, FIRST, "StartCommand", vm=vm(12))
    totals = (await read(tmp_path / "c", {"command": "totals"}))[-1]
    assert (totals["vms"], totals["volumes"], totals["locked_volumes"]) == (3, 3, 3)
    (line, _) = await read(tmp_path / "c", {"command": "state", "names": [FIRST]})
    assert [each["name"] for each in line["agent"]["vms"]] == ["i-2-10-VM", "i-2-12-VM"]
    assert line["agent"]["pools"] == [POOL]
    assert await end(process) == 0


async def test_another_number_of_processes_is_refused(server: ManagementServer, quick: str, tmp_path: Path) -> None:
    process = await run(*flags(server, quick, tmp_path))
    await server.until(lambda: len(server.ready) == 4)
    assert await end(process) == 0
    options = Options(
        (("127.0.0.1", server.port),), tuple(spread(4, "1", 1, 1)), 1, 4, behaviour=quick, state=tmp_path / "kept"
    )
    with pytest.raises(StateError, match="kept for hosts 1 to 2 by one process"):
        Fleet(options)
