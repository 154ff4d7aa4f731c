"""The agent of a secondary storage VM that dials in to a world of fakes."""

from __future__ import annotations

from random import Random

import msgspec
from tests.world import World

from lakh.agent.host import SECONDARY_STORAGE, SystemVm
from lakh.agent.startup import startup
from lakh.base.clock import Clock
from lakh.base.ids import UuidFactory
from lakh.jobs.cloud import Cloud
from lakh.resources.host.arrive import arrive
from lakh.wire.startup import Startup, StartupCommand


class _Session:
    def __init__(self, world: World, agent: SystemVm) -> None:
        self._world, self._agent = world, agent

    def attach(self, host_id: int) -> None:
        self._agent.host_id, self._agent.ready = host_id, True
        self._world.hosts.hosts[host_id] = self._agent

    def refuse(self, text: str) -> None:
        raise AssertionError(f"refused: {text}")


def storage_agent(world: World, clock: Clock) -> SystemVm:
    """Not connected yet."""
    made = world.made
    boot = {"zone": str(made.zone.id), "pod": str(made.pod.id), "eth1ip": "10.1.255.1", "eth2ip": "198.51.100.9"}
    return SystemVm(SECONDARY_STORAGE, "s-1-VM", boot, world.images, clock, Random(3), UuidFactory(clock, Random(3)))


async def dial_in(cloud: Cloud, world: World, agent: SystemVm) -> int:
    """Its host's id."""
    message = startup(agent, "", transferred=False)
    command = msgspec.json.decode(msgspec.json.encode(message.body), type=StartupCommand, strict=False)
    host_id = await arrive(cloud, _Session(world, agent), Startup(message.java_class, command, []))
    assert host_id is not None
    return host_id
