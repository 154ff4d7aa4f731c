"""The control socket: what agents have, and what can be done to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.agent.cloud import GIB, POOL, command, router_vm, uuid, vm, volume
from tests.fleet.management import ManagementServer

from lakh.fleet.control import Control
from lakh.fleet.fleet import Fleet
from lakh.wire.message import SUBSYSTEM

Ask = Callable[..., Awaitable[list[dict[str, Any]]]]


async def read(path: Path, request: dict[str, Any]) -> list[dict[str, Any]]:
    """All lines of an answer."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(msgspec.json.encode(request) + b"\n")
    lines: list[dict[str, Any]] = []
    while line := await reader.readline():
        lines.append(msgspec.json.decode(line))
        if "done" in lines[-1] or "error" in lines[-1]:
            break
    writer.close()
    return lines


@pytest.fixture
async def ask(fleet: Fleet, tmp_path: Path) -> AsyncIterator[Ask]:
    control = Control(fleet, tmp_path / "control", lambda: None)
    await control.start()

    async def request(name: str, **fields: Any) -> list[dict[str, Any]]:
        return await read(tmp_path / "control", {"command": name, **fields})

    yield request
    await control.close()


async def deploy(server: ManagementServer, number: int, host: str, body: dict[str, Any] | None = None) -> None:
    seat = server.seats[host]
    answers = await seat.call(
        [
            command(SUBSYSTEM + "CreateObjectCommand", data=volume(number, made=False)),
            command("StartCommand", vm=body or vm(number)),
        ]
    )
    assert [a.result for a in answers] == [True, True], answers


async def test_state_tells_each_agents_own_vms(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    await deploy(server, 10, "kvm-000003")
    await deploy(server, 11, "kvm-000003")
    *lines, end = await ask("state")
    agents = {line["agent"]["name"]: line["agent"] for line in lines}
    assert len(agents) == 10
    host = agents["kvm-000003"]
    assert (host["host_id"], host["connected"], host["ready"]) == (server.seats["kvm-000003"].host_id, True, True)
    assert (host["used_memory"], host["pools"], host["cluster"]) == (2 * GIB, [POOL], "1")
    first = next(found for found in host["vms"] if found["name"] == "i-2-10-VM")
    assert (first["uuid"], first["state"], first["cpus"], first["speed"]) == (uuid(5010), "PowerOn", 1, 500)
    assert (first["nics"][0]["mac"], first["nics"][0]["ip"]) == ("02:00:00:00:00:0a", "10.1.0.10")
    assert first["volumes"] == [{"pool": POOL, "volume": uuid(10), "device_id": 0, "type": "ROOT"}]
    assert end == {
        "done": True,
        "lines": 10,
        "totals": {"agents": 10, "connected": 10, "ready": 10, "vms": 2, "cpus": 2, "cpu_mhz": 1000, "memory": 2 * GIB},
    }


async def test_volumes_and_routers_are_told_too(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    await deploy(server, 4, "kvm-000002", router_vm(4))
    (line, _) = await ask("volumes")
    assert line["volume"] == {
        "pool": POOL,
        "name": uuid(4),
        "kind": "volume",
        "size": GIB,
        "physical": 196616,
        "host": 2,
    }
    (line, _) = await ask("routers")
    assert line["router"] == {"name": "r-4-VM", "leases": [], "addresses": {}, "rules": {}}
    assert (await ask("images")) == [{"done": True, "lines": 0, "totals": {}}]


async def test_disconnected_agents_come_back(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    server.ready.clear()
    (answer,) = await ask("disconnect", percent=50)
    assert answer == {"done": True, "count": 5}
    await server.until(lambda: len(server.ready) == 5 and len(server.seats) == 10)


async def test_a_killed_cluster_loses_its_vms_and_returns_when_revived(
    server: ManagementServer, fleet: Fleet, ask: Ask
) -> None:
    await deploy(server, 10, "kvm-000001")
    (answer,) = await ask("kill", cluster="1")
    assert answer["count"] == 5
    await server.until(lambda: len(server.seats) == 5)
    *lines, end = await ask("state")
    assert end["totals"]["connected"] == 5
    assert sum(len(line["agent"]["vms"]) for line in lines) == 0
    server.ready.clear()
    (answer,) = await ask("revive", cluster=1)
    assert answer["count"] == 5
    await server.until(lambda: len(server.ready) == 5)


async def test_a_killed_rack_is_all_its_hosts_whatever_their_clusters(
    server: ManagementServer, fleet: Fleet, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakh.fleet.fleet.RACK", 4)
    (answer,) = await ask("kill", rack=2)
    assert answer["count"] == 4
    await server.until(lambda: len(server.seats) == 6)
    assert {"kvm-000005", "kvm-000006", "kvm-000007", "kvm-000008"} & server.seats.keys() == set()


async def test_the_time_from_a_lost_link_to_ready_is_counted(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    server.ready.clear()
    await ask("disconnect", percent=50)
    await server.until(lambda: len(server.ready) == 5)
    (answer,) = await ask("stats")
    assert sum(answer["back_slots"].values()) == 5


async def test_a_host_killed_for_a_while_returns_by_itself(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    server.ready.clear()
    await ask("kill", names=["kvm-000007"], seconds=0.05)
    await server.until(lambda: server.ready == {"kvm-000007"})


async def test_a_frozen_agent_is_silent_and_heals(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    await ask("freeze", names=["kvm-000001"])
    seat = server.seats["kvm-000001"]
    call = asyncio.create_task(seat.call([command("CheckHealthCommand")]))
    other = await server.seats["kvm-000002"].call([command("CheckHealthCommand")])
    assert other[0].result
    assert not call.done()
    (answer,) = await ask("heal")
    assert answer["count"] == 1
    assert (await call)[0].result
    await server.until(lambda: ("kvm-000001") in {name for name, _ in server.pings})


async def test_nonsense_is_sent_on_request(server: ManagementServer, fleet: Fleet, ask: Ask) -> None:
    server.ready.clear()
    await ask("corrupt", names=["kvm-000004"])
    await server.until(lambda: server.ready == {"kvm-000004"})
    assert len(server.broken) == 1


async def test_slowness_is_of_the_behaviour(fleet: Fleet, ask: Ask) -> None:
    assert (await ask("slow", factor=4)) == [{"done": True, "factor": 4.0}]
    assert fleet.behaviour.agent.slowness == 4.0
    await ask("heal")
    assert fleet.behaviour.agent.slowness == 1.0


async def test_statistics(fleet: Fleet, ask: Ask) -> None:
    (answer,) = await ask("stats")
    assert (answer["connected"], answer["connects"], answer["losses"]) == (10, 10, 0)
    assert answer["by_command"]["ReadyCommand"] == 20


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"command": "explode"}, "one of corrupt, disconnect"),
        ({"command": "kill"}, "give names, cluster, rack or percent"),
        ({"command": "kill", "percent": 101}, "above 0, to 100"),
        ({"command": "kill", "names": ["nobody"]}, "no agents of this fleet"),
        ({"command": "kill", "cluster": 77}, "no agent of this fleet"),
        ({"command": "kill", "rack": 2}, "no agent of this fleet"),
        ({"command": "kill", "rack": "first"}, "racks of 40 hosts count from 1"),
        ({"command": "slow", "factor": 0}, "factor must be above zero"),
        ([1], "Expected `object`"),
    ],
)
async def test_wrong_requests_are_told_what_is_right(
    fleet: Fleet, ask: Ask, tmp_path: Path, request_: Any, words: str
) -> None:
    (answer,) = await read(tmp_path / "control", request_)
    assert words in answer["error"]
