"""Scenarios of what changes a VM: its size, its root disk, its secrets, its default NIC."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import (
    deployed,
    disks_of,
    files_of,
    fresh,
    offering,
    shared_network,
    stopped,
    template,
    vm_state,
)
from tests.flows.server import Server

from lakh.resources.nic.row import NicRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow


# --- scaled ----------------------------------------------------------------------------------------------------------
async def _scaling(server: Server, vm: VmRow) -> Case:
    """Its own domain and its host's capacity follow: World.check compares both."""
    larger = await offering(server, dynamic_scaling=True)

    async def size() -> tuple[int, int, int]:
        row = await server.row(VmRow, vm.id)
        assert row.state == vm.state
        return row.service_offering_id, row.cpus, row.memory_mb

    async def succeeded() -> None:
        assert await size() == (larger.id, 2, 1024)

    async def failed() -> None:
        """As it was; or as it is on its host by now, where nothing shrinks while it runs."""
        before = (vm.service_offering_id, vm.cpus, vm.memory_mb)
        assert await size() in ((before, (larger.id, 2, 1024)) if vm.state == "Running" else (before,))

    return Case({"id": vm.id, "serviceofferingid": larger.id}, succeeded, failed)


async def scalable(server: Server) -> VmRow:
    """A running VM that may be scaled."""
    await server.call("updateConfiguration", name="enable.dynamic.scale.vm", value="true")
    small = await offering(server, cpus=1, speed_mhz=500, memory_mb=512, dynamic_scaling=True)
    image = await template(server, dynamically_scalable=True)
    return await deployed(server, serviceofferingid=small.id, templateid=image.id)


@scenario("scaleVirtualMachine")
async def scale_while_it_runs(server: Server) -> Case:
    return await _scaling(server, await scalable(server))


@scenario("scaleVirtualMachine")
async def scale_at_rest(server: Server) -> Case:
    return await _scaling(server, await stopped(server))


# --- restored --------------------------------------------------------------------------------------------------------
async def _restoring(server: Server, vm: VmRow, other: int | None) -> Case:
    """A fresh root disk, or the one it had; the data disk stays in any case."""
    old, data = await disks_of(server, vm)

    async def root() -> VolumeRow:
        found, still = await disks_of(server, await server.row(VmRow, vm.id))
        assert still.id == data.id
        return found

    async def succeeded() -> None:
        assert await vm_state(server, vm) == vm.state
        new = await root()
        assert new.id != old.id
        assert new.template_id == (other or vm.template_id)
        left = await server.row(VolumeRow, old.id)
        if left.removed_ms is None:  # its host would not delete it
            assert left.state == "Expunging"
            await server.call("expungeVolume", id=old.id)
            await server.world.check()
        assert not files_of(server, old)

    async def failed() -> None:
        assert await vm_state(server, vm) in (vm.state, "Stopped")
        if (await root()).id != old.id:
            assert (await server.row(VolumeRow, old.id)).state in ("Expunging", "Expunged")

    return Case({"virtualmachineid": vm.id} | ({"templateid": other} if other else {}), succeeded, failed)


@scenario("restoreVirtualMachine")
async def restore_while_it_runs(server: Server) -> Case:
    return await _restoring(server, await deployed(server), None)


@scenario("restoreVirtualMachine")
async def restore_at_rest_from_another_template(server: Server) -> Case:
    return await _restoring(server, await stopped(server), (await template(server)).id)


# --- secrets ---------------------------------------------------------------------------------------------------------
@scenario("resetPasswordForVirtualMachine")
async def reset_password(server: Server) -> Case:
    image = await template(server, password_enabled=True)
    vm = await stopped(server, templateid=image.id)

    async def told() -> tuple[str | None, bool]:
        row = await server.row(VmRow, vm.id)
        return row.password, row.password_pending

    async def succeeded() -> None:
        """The guest gets it with the next start, once."""
        assert await told() == ("Secret-1", True)
        await server.call("startVirtualMachine", id=vm.id)
        assert await told() == ("Secret-1", False)

    async def failed() -> None:
        assert await told() == (vm.password, False)

    return Case({"id": vm.id, "password": "Secret-1"}, succeeded, failed)


@scenario("resetSSHKeyForVirtualMachine")
async def reset_ssh_key(server: Server) -> Case:
    vm, name = await stopped(server), fresh("key")
    await server.call("createSSHKeyPair", name=name)

    async def succeeded() -> None:
        row = await server.row(VmRow, vm.id)
        assert (row.key_pairs, (row.public_keys or "").startswith("ssh-")) == (name, True)

    async def failed() -> None:
        row = await server.row(VmRow, vm.id)
        assert (row.key_pairs, row.public_keys) == (None, None)

    return Case({"id": vm.id, "keypair": name}, succeeded, failed)


@scenario("updateDefaultNicForVirtualMachine")
async def another_default_nic(server: Server) -> Case:
    networks = [server.world.made.network.id, (await shared_network(server)).id]
    vm = await deployed(server, networkids=networks)

    async def default() -> list[int]:
        nics = [nic for nic in await server.all(NicRow) if nic.vm_id == vm.id]
        return [nic.network_id for nic in nics if nic.is_default]

    async def succeeded() -> None:
        assert await default() == networks[1:]

    async def failed() -> None:
        assert await default() == networks[:1]

    nic = next(n for n in await server.all(NicRow) if n.vm_id == vm.id and n.network_id == networks[1])
    return Case({"virtualmachineid": vm.id, "nicid": nic.id}, succeeded, failed)
