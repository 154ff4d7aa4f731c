"""What an end that failed half-way left behind: reconcilers find it, finish it, and say so in an event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.flows.scenario import command_of
from tests.flows.scenarios import parts, system_vm
from tests.flows.server import Server

from lakh.base.errors import ResourceUnavailableError
from lakh.healing import volumes
from lakh.healing.expunge import Expunge
from lakh.healing.system_vms import SystemVms
from lakh.healing.volume_expunge import VolumeExpunge
from lakh.healing.volumes import Volumes
from lakh.jobs.flow import FLOWS
from lakh.jobs.row import FAILED
from lakh.resources.configuration.row import INSERT as INSERT_SETTING
from lakh.resources.configuration.row import ConfigurationRow
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import EventRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow

Parameters = dict[str, Any]


async def destroy_a_vm(server: Server) -> Parameters:
    return {"id": (await parts.deployed(server)).id, "expunge": True}


async def expunge_a_vm(server: Server) -> Parameters:
    vm = await parts.deployed(server)
    await server.call("destroyVirtualMachine", id=vm.id)
    return {"id": vm.id}


async def restore_a_vm(server: Server) -> Parameters:
    return {"virtualmachineid": (await parts.deployed(server)).id}


async def destroy_a_volume(server: Server) -> Parameters:
    return {"id": (await parts.detached_disk(server)).id, "expunge": True}


async def destroy_a_system_vm(server: Server) -> Parameters:
    return {"id": (await system_vm.made(server)).id}


ENDS: dict[str, Callable[[Server], Awaitable[Parameters]]] = {
    "destroyVirtualMachine": destroy_a_vm,
    "expungeVirtualMachine": expunge_a_vm,
    "restoreVirtualMachine": restore_a_vm,
    "destroyVolume": destroy_a_volume,
    "destroySystemVm": destroy_a_system_vm,
}
STEPS = [(command, step.name) for command in ENDS for step in FLOWS[command].steps]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is deleting volumes here."""
    monkeypatch.setattr(volumes, "LEFT_ALONE_MS", -1000)


async def ending(server: Server) -> dict[str, str]:
    """What is on its way out: uuid to kind."""
    found = {vm.uuid: "VM" for vm in await server.all(VmRow) if vm.state == "Expunging" and vm.type == "User"}
    return found | {v.uuid: "volume" for v in await server.all(VolumeRow) if v.state == "Expunging"}


async def reconcile(server: Server) -> None:
    setting = ConfigurationRow(server.cloud.id("configuration"), "storage.cleanup.delay", "Global", 0, "-1", 0)
    await server.put((INSERT_SETTING, setting))
    await server.cloud.part(Settings).refresh()
    for reconciler in (Expunge(), VolumeExpunge(), Volumes(), SystemVms()):
        await reconciler.run(server.cloud)
        await server.idle()


@pytest.mark.parametrize(("command", "step"), STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_failed_end_is_finished(server: Server, command: str, step: str, moment: str) -> None:
    parameters = await ENDS[command](server)

    def fail(when: str, job: Any, name: str) -> None:
        if (when, name, job.command) == (moment, step, command):
            raise ResourceUnavailableError("the test says no")

    server.probe = fail
    job = await server.run(command_of(command, parameters))
    assert job.status == FAILED
    server.probe = None
    left = await ending(server)
    before = {event.id for event in await server.all(EventRow)}
    await reconcile(server)
    await server.world.check()
    assert await ending(server) == {}
    told = {event.resource_uuid for event in await server.all(EventRow) if event.id not in before}
    assert left.keys() <= told
