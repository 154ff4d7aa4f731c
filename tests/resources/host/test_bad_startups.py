"""Agents that must not join: each hears why, and nothing of it is stored (docs/agents.md)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.ground import AgentLink, Ground

from lakh.agent.host import Host
from lakh.agent.startup import startup
from lakh.resources.host.connect import connect
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import LIVE
from lakh.wire.startup import StartupCommand


async def said(ground: Ground, agent: Host, **changes: Any) -> tuple[int | None, str]:
    """What becomes of an agent that says this: its host's id, or why it was refused."""
    link = AgentLink(ground.fakes, agent)
    body = startup(agent, "192.0.2.1", False).body | changes
    host_id = await connect(ground.api.cloud, link, msgspec.convert(body, StartupCommand, strict=False))
    return host_id, link.refused


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dataCenter": "zone9"}, "Unable to find zone zone9: the agent sent incorrect data center"),
        ({"pod": "pod9"}, "Unable to find pod pod9 in zone zone1: the agent sent incorrect pod"),
        ({"cluster": "77"}, "Unable to find cluster 77 in pod pod1 of zone zone1"),
        ({"cpuArch": "aarch64"}, "Architecture aarch64 differs from that of cluster cluster1: x86_64"),
        ({"cpuArch": "m68k"}, "Unknown CPU architecture m68k"),
        ({"hypervisorType": "VMware"}, "Hypervisor VMware differs from cluster cluster1's: KVM"),
        ({"guid": None}, "The Startup command has no guid"),
        ({"privateIpAddress": None}, "The Startup command has no privateIpAddress"),
        ({"hostDetails": {}}, "hostDetails have no Host.OS"),
    ],
)
async def test_refused_in_words_and_not_stored(ground: Ground, changes: dict[str, Any], why: str) -> None:
    agent = ground.new_host(1, "cluster1", 8, 1 << 36)
    host_id, refused = await said(ground, agent, **changes)
    assert host_id is None
    assert why in refused
    assert await ground.api.cloud.store.rows(LIVE, 0) == []
    assert (await said(ground, agent))[0] is not None


async def test_a_known_host_that_says_something_wrong_keeps_what_it_was(ground: Ground) -> None:
    host = await ground.join()
    agent = ground.fakes.hosts[host.id]
    assert (await said(ground, agent, cluster="77"))[0] is None
    assert (await ground.api.cloud.store.rows(LIVE, 0)) == [host]
    fact = ground.api.cloud.part(HostIndex).facts[host.id]
    assert (fact.status, fact.connected) == ("Up", True)


async def test_a_host_whose_cluster_was_deleted_comes_back_to_another(ground: Ground) -> None:
    admin = ground.api.admin
    doomed = await ground.add_cluster("doomed")
    host = await ground.join(doomed)
    agent = ground.fakes.hosts[host.id]
    await admin.call("deleteHost", id=host.uuid, forced=True)
    await admin.call("deleteCluster", id=doomed["id"])
    host_id, refused = await said(ground, agent)
    assert (host_id, refused) == (None, "Unable to find cluster doomed in pod pod1 of zone zone1")
    fresh, _ = await said(ground, agent, cluster="cluster1")
    assert fresh not in (None, host.id)


async def test_two_agents_with_one_guid_are_one_host_and_the_newest_is_it(ground: Ground) -> None:
    first = await ground.join()
    twin = ground.new_host(9, "cluster1", 8, 1 << 36)
    twin.guid = first.guid.removesuffix("-LibvirtComputingResource")
    host_id, _ = await said(ground, twin)
    assert host_id == first.id
    assert ground.fakes.hosts[first.id] is twin
    (row,) = await ground.api.cloud.store.rows(LIVE, 0)
    assert (row.id, row.private_ip) == (first.id, "10.1.1.9")
