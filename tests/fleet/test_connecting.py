"""A fleet connects to a management server over TLS, answers it, and comes back when it was gone."""

from __future__ import annotations

from pathlib import Path

from tests.fleet.management import ManagementServer

from lakh.fleet.fleet import Fleet
from lakh.wire.message import API, LB, Message


async def test_ten_agents_connect_and_become_ready(server: ManagementServer, fleet: Fleet) -> None:
    assert sorted(server.ready) == [f"kvm-{number:06d}" for number in range(1, 11)]
    assert len({seat.peer for seat in server.seats.values()}) == 10
    assert [seat.startup.body["cluster"] for _, seat in sorted(server.seats.items()) if seat.startup] == ["1"] * 5 + [
        "2"
    ] * 5
    assert fleet.statistics.totals()["connected"] == 10
    hosts = {host.facts.name: host.host_id for _, host, _ in fleet.hosts()}
    assert hosts == {name: seat.host_id for name, seat in server.seats.items()}


async def test_an_agent_answers_commands_on_the_wire(server: ManagementServer, fleet: Fleet) -> None:
    await server.until(lambda: len(server.ready) == 10)
    seat = server.seats["kvm-000003"]
    health, unknown = await seat.call(
        [Message(API + "CheckHealthCommand", {"contextMap": {}}), Message("com.example.Nonsense", {})]
    )
    assert (health.name, health.result) == ("CheckHealthAnswer", True)
    assert (unknown.name, unknown.result) == ("UnsupportedAnswer", False)
    frame = await seat.call_frame([Message(API + "GetHostStatsCommand", {"hostId": seat.host_id, "contextMap": {}})])
    assert frame.header.host_id == frame.header.via == seat.host_id
    assert not frame.header.from_server


async def test_agents_come_back_to_a_server_that_was_killed(server: ManagementServer, fleet: Fleet) -> None:
    await server.until(lambda: len(server.ready) == 10)
    ids = {name: seat.host_id for name, seat in server.seats.items()}
    port = server.port
    await server.stop()
    await server.start(port)
    await server.until(lambda: len(server.ready) == 10)
    assert {name: seat.host_id for name, seat in server.seats.items()} == ids
    startup = server.seats["kvm-000001"].startup
    assert startup is not None
    assert startup.body["id"] == ids["kvm-000001"]
    assert fleet.statistics.totals()["losses"] == 10


async def test_an_orderly_end_says_goodbye(server: ManagementServer, fleet: Fleet) -> None:
    await server.until(lambda: len(server.ready) == 10)
    await fleet.stop()
    await server.until(lambda: len(server.farewells) == 10 and not server.seats)
    _, frame = server.farewells[0]
    assert (frame.header.flags, frame.header.sequence, frame.header.host_id) == (0x07, -1, -1)
    assert frame.messages()[0].body["reason"] == "sig.kill"


async def test_a_refused_agent_says_why(server: ManagementServer, fleet: Fleet) -> None:
    await server.until(lambda: len(server.ready) == 10)
    server.refusal = "cluster 9 does not exist"
    fleet.disconnect(fleet.members[:1])
    await server.until(lambda: bool(fleet.statistics.rejections))
    assert fleet.statistics.rejections[0] == "kvm-000001: cluster 9 does not exist"
    server.refusal = ""


async def test_nonsense_costs_one_link_and_nothing_else(server: ManagementServer, fleet: Fleet) -> None:
    await server.until(lambda: len(server.ready) == 10)
    server.ready.clear()
    fleet.corrupt(fleet.members[:1])
    await server.until(lambda: server.ready == {"kvm-000001"})
    assert len(server.broken) == 1
    assert len(server.seats) == 10


async def test_agents_move_to_the_server_their_list_prefers(
    server: ManagementServer, fleet: Fleet, tmp_path: Path
) -> None:
    other = ManagementServer(tmp_path)
    await other.start(server.port, "127.0.0.2")
    lists = {"msList": ["127.0.0.2", "127.0.0.1"], "avoidMsList": [], "lbAlgorithm": "static", "triggerHostLb": True}
    command = Message(LB + "SetupMSListCommand", {**lists, "lbCheckInterval": 0, "contextMap": {}})
    (answer,) = await server.seats["kvm-000001"].call([command])
    assert answer.result
    await other.until(lambda: other.ready == {"kvm-000001"})
    await server.until(lambda: len(server.seats) == 9)
    startup = other.seats["kvm-000001"].startup
    assert startup is not None
    assert startup.body["msHostList"] == "127.0.0.2,127.0.0.1@static"
    await other.stop()
