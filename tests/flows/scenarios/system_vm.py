"""Scenarios of system VMs."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import offering, vm_state
from tests.flows.server import Server

from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.nic.row import NicRow
from lakh.resources.vm.row import USER, VmRow


async def _system_vms(server: Server) -> list[VmRow]:
    return [vm for vm in await server.all(VmRow) if vm.type != USER]


async def made(server: Server) -> VmRow:
    """A new one, running."""
    known = {vm.id for vm in await _system_vms(server)}
    await server.call("createSystemVm", zoneid=server.world.made.zone.id, type="ConsoleProxy")
    return next(vm for vm in await _system_vms(server) if vm.id not in known)


@scenario("createSystemVm")
async def create(server: Server) -> Case:
    """Ready with its three addresses, or not there at all."""
    known = {vm.id for vm in await _system_vms(server)}
    public = len(await server.all(IpAddressRow))

    async def succeeded() -> None:
        (vm,) = [vm for vm in await _system_vms(server) if vm.id not in known]
        assert vm.state == "Running"
        nics = [n for n in await server.all(NicRow) if n.vm_id == vm.id]
        assert sorted(n.traffic_type for n in nics if n.ip) == ["Control", "Management", "Public"]
        assert len(await server.all(IpAddressRow)) == public + 1

    async def failed() -> None:
        assert {vm.id for vm in await _system_vms(server)} == known
        assert len(await server.all(IpAddressRow)) == public

    return Case({"zoneid": server.world.made.zone.id, "type": "SecondaryStorageVm"}, succeeded, failed)


@scenario("stopSystemVm")
async def stop(server: Server) -> Case:
    vm = await made(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Stopped"

    async def failed() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped")

    return Case({"id": vm.id}, succeeded, failed)


@scenario("startSystemVm")
async def start(server: Server) -> Case:
    vm = await made(server)
    await server.call("stopSystemVm", id=vm.id)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Running"

    async def failed() -> None:
        assert await vm_state(server, vm) == "Stopped"

    return Case({"id": vm.id}, succeeded, failed)


@scenario("destroySystemVm")
async def destroy(server: Server) -> Case:
    vm = await made(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Gone"
        assert not [n for n in await server.all(NicRow) if n.vm_id == vm.id]
        assert not [a for a in await server.all(IpAddressRow) if a.vm_id == vm.id]

    async def failed() -> None:
        """It can be destroyed again."""
        await server.call("destroySystemVm", id=vm.id)
        await server.world.check()
        await succeeded()

    return Case({"id": vm.id}, succeeded, failed)


@scenario("rebootSystemVm")
async def reboot(server: Server) -> Case:
    vm = await made(server)

    async def runs() -> None:
        row = await server.row(VmRow, vm.id)
        assert (row.state, row.host_id) == ("Running", vm.host_id)

    return Case({"id": vm.id}, runs, runs)


@scenario("rebootSystemVm")
async def reboot_by_force(server: Server) -> Case:
    """A stop and a start; what fails between them leaves it stopped, for the next scan to start."""
    vm = await made(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Running"

    async def failed() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped")
        await server.call("rebootSystemVm", id=vm.id, forced=True)
        await server.world.check()
        await succeeded()

    return Case({"id": vm.id, "forced": True}, succeeded, failed)


@scenario("scaleSystemVm")
async def scale(server: Server) -> Case:
    vm = await made(server)
    await server.call("stopSystemVm", id=vm.id)
    larger = await offering(server, is_system=True, system_vm_type="consoleproxy", memory_mb=2048)

    async def size() -> tuple[int, int]:
        row = await server.row(VmRow, vm.id)
        return row.service_offering_id, row.memory_mb

    async def succeeded() -> None:
        assert await size() == (larger.id, 2048)
        await server.call("startSystemVm", id=vm.id)
        await server.world.check()

    async def failed() -> None:
        assert await size() == (vm.service_offering_id, vm.memory_mb)

    return Case({"id": vm.id, "serviceofferingid": larger.id}, succeeded, failed)
