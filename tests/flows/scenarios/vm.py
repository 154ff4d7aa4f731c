"""Scenarios of what is done with user VMs."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import account_of, data_disk, deployed, deployment, files_of, stopped, vm_state
from tests.flows.server import Server

from lakh.resources.nic.row import NicRow
from lakh.resources.vm.power_report import take_report
from lakh.resources.vm.reservation import VmReservationRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow


@scenario("deployVirtualMachine")
async def deploy(server: Server) -> Case:
    """A user's VM with a data disk."""
    _, caller = await account_of(server)
    parameters = deployment(server, diskofferingid=server.world.made.disk_offering.id)

    async def vm() -> VmRow:
        return next(v for v in await server.all(VmRow) if v.name == parameters["name"])

    async def succeeded() -> None:
        made = await vm()
        assert made.state == "Running"
        assert [v.type for v in await server.all(VolumeRow) if v.vm_id == made.id] == ["ROOT", "DATADISK"]

    async def failed() -> None:
        made = await vm()
        assert made.state == "Error"
        assert not [v for v in await server.all(VolumeRow) if v.vm_id == made.id]
        assert not [n for n in await server.all(NicRow) if n.vm_id == made.id]

    return Case(parameters, succeeded, failed, caller)


@scenario("deployVirtualMachine")
async def deploy_without_starting(server: Server) -> Case:
    """The VM stays on paper."""
    parameters = deployment(server, startvm=False)

    async def state() -> str:
        return next(v.state for v in await server.all(VmRow) if v.name == parameters["name"])

    async def succeeded() -> None:
        assert await state() == "Stopped"

    async def failed() -> None:
        assert await state() == "Error"

    return Case(parameters, succeeded, failed)


async def kept_at(server: Server, vm: VmRow) -> list[int]:
    """Where the VM keeps its place while it is stopped."""
    return [row.host_id for row in await server.all(VmReservationRow) if row.vm_id == vm.id]


@scenario("startVirtualMachine")
async def start_what_ran_before(server: Server) -> Case:
    """Where it fails, the VM has its place there as before."""
    vm = await stopped(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Running"
        assert await kept_at(server, vm) == []

    async def failed() -> None:
        assert await vm_state(server, vm) == "Stopped"
        assert await kept_at(server, vm) == [vm.last_host_id]

    return Case({"id": vm.id}, succeeded, failed)


@scenario("startVirtualMachine")
async def start_elsewhere_than_before(server: Server) -> Case:
    """Its place where it ran before is given back when it runs elsewhere, and not if it does not."""
    vm = await stopped(server)
    assert await kept_at(server, vm) == [vm.last_host_id]
    elsewhere = next(host.id for host in server.world.made.hosts if host.id != vm.last_host_id)

    async def succeeded() -> None:
        row = await server.row(VmRow, vm.id)
        assert (row.state, row.host_id) == ("Running", elsewhere)
        assert await kept_at(server, vm) == []

    async def failed() -> None:
        assert await vm_state(server, vm) == "Stopped"
        assert await kept_at(server, vm) == [vm.last_host_id]

    return Case({"id": vm.id, "hostid": elsewhere}, succeeded, failed)


@scenario("startVirtualMachine")
async def start_for_the_first_time(server: Server) -> Case:
    """Its disks are on no pool yet."""
    vm = await deployed(server, startvm=False)

    async def volumes() -> set[str]:
        return {v.state for v in await server.all(VolumeRow) if v.vm_id == vm.id}

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Running"
        assert await volumes() == {"Ready"}

    async def failed() -> None:
        assert await vm_state(server, vm) == "Stopped"
        assert await volumes() == {"Allocated"}

    return Case({"id": vm.id}, succeeded, failed)


@scenario("stopVirtualMachine")
async def stop(server: Server) -> Case:
    vm = await deployed(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Stopped"

    async def failed() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped")

    return Case({"id": vm.id}, succeeded, failed)


@scenario("stopVirtualMachine")
async def stop_by_force(server: Server) -> Case:
    """Whatever its host says. Where that runs it still, it ends there as soon as the host reports it."""
    vm = await deployed(server)

    async def settled() -> None:
        for host_id in server.world.running().get(vm.instance_name, ()):
            report = server.hosts.hosts[host_id].hypervisor.power_report()
            await take_report(server.cloud, host_id, dict(report), out_of_band=False)
        await server.world.check()

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Stopped"
        await settled()
        assert await vm_state(server, vm) == "Stopped"
        assert vm.instance_name not in server.world.running()

    async def failed() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped")

    return Case({"id": vm.id, "forced": True}, succeeded, failed)


@scenario("startVirtualMachine")
async def start_what_was_stopped_by_force(server: Server) -> Case:
    """Its host runs it still: it is ended there first, wherever it starts then."""
    vm = await deployed(server)
    server.hosts.refuse = lambda _host, command: "busy" if command.name == "StopCommand" else ""
    await server.call("stopVirtualMachine", id=vm.id, forced=True)
    server.hosts.refuse = lambda _host, _command: ""
    assert vm.instance_name in server.world.running()
    elsewhere = next(host.id for host in server.world.made.hosts if host.id != vm.host_id)

    async def succeeded() -> None:
        row = await server.row(VmRow, vm.id)
        assert (row.state, row.host_id) == ("Running", elsewhere)

    async def failed() -> None:
        assert await vm_state(server, vm) == "Stopped"

    return Case({"id": vm.id, "hostid": elsewhere}, succeeded, failed)


@scenario("stopVirtualMachine")
async def stop_what_is_stopped(server: Server) -> Case:
    vm = await stopped(server)

    async def still() -> None:
        assert await vm_state(server, vm) == "Stopped"

    return Case({"id": vm.id}, still, still)


@scenario("rebootVirtualMachine")
async def reboot(server: Server) -> Case:
    vm = await deployed(server)

    async def runs() -> None:
        assert await vm_state(server, vm) == "Running"

    return Case({"id": vm.id}, runs, runs)


@scenario("rebootVirtualMachine")
async def reboot_by_force(server: Server) -> Case:
    """A stop and a start, each a job of its own; what fails between them leaves it stopped."""
    vm = await deployed(server)

    async def runs() -> None:
        assert await vm_state(server, vm) == "Running"

    async def whole() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped")

    return Case({"id": vm.id, "forced": True}, runs, whole)


@scenario("destroyVirtualMachine")
async def destroy(server: Server) -> Case:
    vm = await deployed(server)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Destroyed"

    async def failed() -> None:
        assert await vm_state(server, vm) in ("Running", "Stopped", "Destroyed")

    return Case({"id": vm.id}, succeeded, failed)


@scenario("destroyVirtualMachine")
async def destroy_with_its_disk(server: Server) -> Case:
    """Both can be recovered, with their files."""
    vm = await deployed(server)
    data = await data_disk(server, vm)

    async def succeeded() -> None:
        row = await server.row(VolumeRow, data.id)
        assert (await vm_state(server, vm), row.state, row.vm_id) == ("Destroyed", "Destroy", None)
        assert files_of(server, data)
        await server.call("recoverVirtualMachine", id=vm.id)
        await server.call("recoverVolume", id=data.id)
        await server.world.check()

    async def failed() -> None:
        row = await server.row(VolumeRow, data.id)
        destroyed = await vm_state(server, vm) == "Destroyed"
        assert (row.state, row.vm_id) == (("Destroy", None) if destroyed else ("Ready", vm.id))

    return Case({"id": vm.id, "volumeids": [data.id]}, succeeded, failed)


@scenario("destroyVirtualMachine")
async def destroy_for_good(server: Server) -> Case:
    """With its data disk, of which nothing may stay."""
    vm = await deployed(server)
    data = await data_disk(server, vm)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Gone"
        assert (await server.row(VolumeRow, data.id)).removed_ms is not None
        assert not [v for v in await server.all(VolumeRow) if v.vm_id == vm.id]

    async def failed() -> None:
        """It can be destroyed again; the disk, once it has left the VM, ends by itself."""
        disk = await server.row(VolumeRow, data.id)
        assert (await vm_state(server, vm), disk.state) in (
            ("Running", "Ready"), ("Stopped", "Ready"), ("Expunging", "Expunging")
        )  # fmt: skip
        named = [] if disk.vm_id is None else [data.id]
        await server.call("destroyVirtualMachine", id=vm.id, expunge=True, volumeids=named)
        if not named:
            await server.call("expungeVolume", id=data.id)
        await server.world.check()
        await succeeded()

    return Case({"id": vm.id, "expunge": True, "volumeids": [data.id]}, succeeded, failed)


@scenario("expungeVirtualMachine")
async def expunge(server: Server) -> Case:
    """The data disk stays, attached to nothing."""
    vm = await deployed(server)
    await server.call("destroyVirtualMachine", id=vm.id)

    async def succeeded() -> None:
        assert await vm_state(server, vm) == "Gone"

    async def failed() -> None:
        """It can be expunged again."""
        assert await vm_state(server, vm) in ("Destroyed", "Expunging")
        await server.call("expungeVirtualMachine", id=vm.id)
        await server.world.check()
        await succeeded()

    return Case({"id": vm.id}, succeeded, failed)
