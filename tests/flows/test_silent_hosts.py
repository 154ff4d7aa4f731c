"""Hosts that fall silent in the middle of a deployment, and answer, or come back, late."""

from __future__ import annotations

from tests.flows.scenarios import parts
from tests.flows.server import Server
from tests.turns import turns

from lakh.jobs.row import SUCCEEDED
from lakh.resources.host.index import HostIndex
from lakh.resources.vm.deploy import DeployVirtualMachine
from lakh.resources.vm.power_report import take_report
from lakh.resources.vm.row import VmRow
from lakh.wire.message import Message

A_WHILE = 3000
"""Turns of the loop: pauses take none, so patience ends within."""


class Silence:
    """The first host that is told to start something does so, and is not heard of again until `end`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.host_id = 0
        server.hosts.lose = self._lose

    def _lose(self, host_id: int, sent: Message) -> bool:
        if sent.name != "StartCommand" or self.host_id:
            return False
        self.host_id = host_id
        self._reachable(False)
        return True

    def end(self) -> None:
        self._reachable(True)

    def _reachable(self, there: bool) -> None:
        (self._server.hosts.away.discard if there else self._server.hosts.away.add)(self.host_id)
        self._server.cloud.part(HostIndex).set_connected(self.host_id, there)


async def begun(server: Server) -> tuple[Silence, str, VmRow]:
    """A deployment whose host has fallen silent; long enough for anybody's patience."""
    silence = Silence(server)
    job = await server.admit(DeployVirtualMachine(**parts.deployment(server)))
    await turns(A_WHILE)
    (vm,) = await server.all(VmRow)
    assert silence.host_id
    return silence, job.uuid, vm


async def test_nobody_starts_elsewhere_what_a_silent_host_may_run(server: Server) -> None:
    silence, uuid, vm = await begun(server)
    assert (vm.state, vm.host_id) == ("Starting", silence.host_id)
    assert server.world.running() == {vm.instance_name: [silence.host_id]}
    silence.end()
    assert (await server.ended(uuid)).status == SUCCEEDED
    (places,) = server.world.running().values()
    assert len(places) == 1
    assert places != [silence.host_id], "it stopped there, and runs elsewhere"
    await server.world.check()


async def test_a_silent_host_that_turns_out_to_be_dead_is_not_waited_for(server: Server) -> None:
    silence, uuid, vm = await begun(server)
    dead = server.hosts.hosts[silence.host_id].hypervisor
    dead.lose_power()
    index = server.cloud.part(HostIndex)
    index.set_state(silence.host_id, status="Down")
    assert (await server.ended(uuid)).status == SUCCEEDED
    (places,) = server.world.running().values()
    assert places != [silence.host_id]
    dead.regain_power()
    index.set_state(silence.host_id, status="Up")
    silence.end()
    await take_report(server.cloud, silence.host_id, {}, out_of_band=False)
    await server.idle()
    assert server.world.running() == {vm.instance_name: places}
    await server.world.check()
