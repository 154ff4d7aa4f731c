"""Scenarios of VMs that move from host to host while they run."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import deployed
from tests.flows.scenarios.system_vm import made
from tests.flows.server import Server

from lakh.resources.vm.row import VmRow


def _moving(server: Server, vm: VmRow, wanted: int | None) -> Case:
    """It runs all the time, where it was or where it goes; that it runs there only, World.check sees."""

    async def place() -> int | None:
        row = await server.row(VmRow, vm.id)
        assert row.state == "Running"
        return row.host_id

    async def succeeded() -> None:
        where = await place()
        assert where != vm.host_id
        assert wanted in (None, where)

    async def failed() -> None:
        if wanted is not None:
            assert await place() in (vm.host_id, wanted)

    parameters = {"virtualmachineid": vm.id} | ({} if wanted is None else {"hostid": wanted})
    return Case(parameters, succeeded, failed)


def _another(server: Server, vm: VmRow) -> int:
    return next(host.id for host in server.world.made.hosts if host.id != vm.host_id)


@scenario("migrateVirtualMachine")
async def move_to_any_host(server: Server) -> Case:
    return _moving(server, await deployed(server), None)


@scenario("migrateVirtualMachine")
async def move_to_a_named_host(server: Server) -> Case:
    vm = await deployed(server)
    return _moving(server, vm, _another(server, vm))


@scenario("migrateSystemVm")
async def move_a_system_vm_to_any_host(server: Server) -> Case:
    return _moving(server, await made(server), None)


@scenario("migrateSystemVm")
async def move_a_system_vm_to_a_named_host(server: Server) -> Case:
    vm = await made(server)
    return _moving(server, vm, _another(server, vm))
