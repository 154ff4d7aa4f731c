"""Link-local addresses of routers: each pod has all of `control.cidr`, and gives none of them twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.routed import Routed

from lakh.contract.client import ClientError
from lakh.resources.host.index import HostIndex
from lakh.resources.nic.row import SET_ADDRESS, NicRow
from lakh.resources.pod.row import INSERT, PodRow
from lakh.store.statement import TxnSpec, select
from lakh.store.store import DuplicateError

CONTROL_NICS = select("test.control_nics", NicRow, "WHERE traffic_type = 'Control' AND removed_ms IS NULL ORDER BY id")
FIVE = [f"169.254.0.{last}" for last in range(2, 7)]


@pytest.fixture
async def routed() -> AsyncIterator[Routed]:
    running = await Routed.start(hosts=2)
    await running.api.admin.call("updateConfiguration", name="control.cidr", value="169.254.0.0/29")
    await running.api.admin.call("updateConfiguration", name="control.gateway", value="169.254.0.1")
    yield running
    await running.stop()


async def move_hosts(routed: Routed, pod: PodRow) -> None:
    """From now on the hosts stand in that pod."""
    index = routed.api.cloud.part(HostIndex)
    for host in routed.world.made.hosts:
        index.remove(host.id)
        index.upsert(msgspec.structs.replace(host, pod_id=pod.id))
        await index.refresh_usage(host.id)
        index.set_connected(host.id, True)


async def another_pod(routed: Routed) -> PodRow:
    cloud = routed.api.cloud
    pod = msgspec.structs.replace(routed.world.made.pod, id=cloud.id("pod"), uuid=cloud.uuid(), name="pod2")
    await cloud.store.submit(TxnSpec("test.pod").put(INSERT, pod))
    return pod


async def nics(routed: Routed) -> list[NicRow]:
    return await routed.api.cloud.store.rows(CONTROL_NICS)


async def test_a_pod_that_is_full_leaves_the_others_theirs(routed: Routed) -> None:
    joe, first, second = await routed.api.user("joe"), routed.world.made.pod, await another_pod(routed)
    networks = [await routed.network(joe, f"n{number}") for number in range(7)]
    for network in networks[:5]:
        await routed.deploy(joe, network)
    with pytest.raises(ClientError):
        await routed.deploy(joe, networks[5])
    assert sorted(nic.ip or "" for nic in await nics(routed)) == FIVE
    await move_hosts(routed, second)
    for network in networks[5:]:
        await routed.deploy(joe, network)
    in_second = [nic for nic in await nics(routed) if nic.pod_id == second.id]
    assert len(in_second) == 2
    assert {nic.ip for nic in in_second} <= set(FIVE)
    for nic in in_second:
        assert nic.mac == "0e:00:" + ":".join(f"{int(part):02x}" for part in (nic.ip or "").split("."))
    gone = await routed.router_of(networks[0])
    await routed.api.admin.job("destroyRouter", id=gone["id"])
    await move_hosts(routed, first)
    await routed.deploy(joe, networks[0])
    again = await routed.router_of(networks[0])
    assert again["linklocalip"] == gone["linklocalip"], "the one that was given back"


async def test_a_router_that_starts_in_another_pod_gets_an_address_of_that(routed: Routed) -> None:
    joe, second = await routed.api.user("joe"), await another_pod(routed)
    front, back = await routed.network(joe, "front"), await routed.network(joe, "back")
    await routed.deploy(joe, front)
    router = await routed.router_of(front)
    await routed.api.admin.job("stopRouter", id=router["id"])
    await move_hosts(routed, second)
    await routed.deploy(joe, back)
    other = await routed.router_of(back)
    assert other["linklocalip"] == router["linklocalip"], "each is the first of its pod"
    await routed.api.admin.job("startRouter", id=router["id"])
    again = await routed.router_of(front)
    assert again["linklocalip"] != other["linklocalip"]
    assert {nic.pod_id for nic in await nics(routed)} == {second.id}


async def test_the_store_refuses_an_address_a_second_time_in_its_pod_only(routed: Routed) -> None:
    joe, second = await routed.api.user("joe"), await another_pod(routed)
    for name in ("front", "back"):
        await routed.deploy(joe, await routed.network(joe, name))
    one, two = await nics(routed)

    def to(pod_id: int) -> TxnSpec:
        values = (one.ip, one.netmask, one.gateway, two.mac, None, pod_id)
        return TxnSpec("test.same").add(SET_ADDRESS, two.id, *values)

    with pytest.raises(DuplicateError):
        await routed.api.cloud.store.submit(to(routed.world.made.pod.id))
    await routed.api.cloud.store.submit(to(second.id))
