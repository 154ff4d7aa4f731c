"""What a connect costs: a host that says what it said before is known, and its pools with it."""

from __future__ import annotations

import asyncio

import msgspec
from tests.ground import AgentLink, Ground

from lakh.agent.startup import startup
from lakh.resources.host.connect import connect
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostRow
from lakh.wire.startup import StartupCommand


def statements(ground: Ground) -> float:
    return ground.api.cloud.store.counters()["statements"]


async def test_a_known_host_comes_back_without_a_statement(ground: Ground) -> None:
    await ground.add_pool()
    host = await ground.join()
    agent = ground.fakes.hosts[host.id]
    await ground.come_back(agent)  # the pool's size came with the first host: it is read once more, for all
    ground.fakes.said.clear()
    before = statements(ground)
    said = msgspec.convert(startup(agent, "192.0.2.1", False).body, StartupCommand, strict=False)
    assert await connect(ground.api.cloud, AgentLink(ground.fakes, agent), said) == host.id
    assert statements(ground) == before
    assert [name for _, name in ground.fakes.said] == [
        "CheckNetworkCommand",
        "ModifyStoragePoolCommand",
        "SetHostParamsCommand",
        "ReadyCommand",
    ]
    assert ground.api.cloud.part(HostIndex).facts[host.id].connected


async def test_a_host_that_changed_is_stored_and_known_by_its_new_self(ground: Ground) -> None:
    host = await ground.join()
    agent = ground.fakes.hosts[host.id]
    agent.hypervisor._facts = agent.hypervisor.facts._replace(kernel_version="6.12")  # type: ignore[attr-defined]
    changed = await ground.come_back(agent)
    details = msgspec.json.decode(changed.details_json, type=dict[str, str])
    assert details["Host.OS.Kernel.Version"] == "6.12"
    before = statements(ground)
    again: HostRow = await ground.come_back(agent)
    assert statements(ground) == before + 1  # the read of the test itself
    assert again == changed


async def test_two_first_startups_of_one_agent_make_one_host(ground: Ground) -> None:
    agent = ground.new_host(7, "cluster1", 8, 1 << 36)
    first, second = await asyncio.gather(ground.come_back(agent), ground.come_back(agent))
    assert first.id == second.id
    assert (await ground.api.admin.call("listHosts", type="Routing", state="Up"))["count"] == 1


async def test_a_host_that_leaves_while_it_connects_keeps_its_status(ground: Ground) -> None:
    host = await ground.join()
    agent = ground.fakes.hosts[host.id]
    ground.leave(host)
    said = msgspec.convert(startup(agent, "192.0.2.1", False).body, StartupCommand, strict=False)
    assert await connect(ground.api.cloud, AgentLink(ground.fakes, agent), said) is None
    fact = ground.api.cloud.part(HostIndex).facts[host.id]
    assert (fact.status, fact.connected) == ("Up", False)
    ground.fakes.away.discard(host.id)
    before = statements(ground)
    assert await connect(ground.api.cloud, AgentLink(ground.fakes, agent), said) == host.id
    assert statements(ground) == before
