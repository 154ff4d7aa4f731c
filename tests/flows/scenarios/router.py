"""Scenarios of isolated networks and their virtual routers."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import deployment, implemented_network, isolated_network, vm_state
from tests.flows.server import Server

from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import GuestVlanRow
from lakh.resources.vm.row import DOMAIN_ROUTER, VmRow


async def _router(server: Server, network: NetworkRow) -> VmRow | None:
    found = [vm for vm in await server.all(VmRow) if vm.type == DOMAIN_ROUTER and vm.network_id == network.id]
    assert len(found) <= 1
    return found[0] if found else None


async def _its_router(server: Server) -> VmRow:
    router = await _router(server, await implemented_network(server))
    assert router is not None
    return router


async def _taken(server: Server, network: NetworkRow) -> tuple[int, int]:
    """How many VLANs and public addresses the network has."""
    vlans = [v for v in await server.all(GuestVlanRow) if v.network_id == network.id]
    return len(vlans), len([a for a in await server.all(IpAddressRow) if a.network_id == network.id])


@scenario("implementNetwork")
async def implement(server: Server) -> Case:
    network = await isolated_network(server)

    async def succeeded() -> None:
        assert (await server.row(NetworkRow, network.id)).state == "Implemented"
        router = await _router(server, network)
        assert router is not None
        assert router.state == "Running"
        assert await _taken(server, network) == (1, 1)

    async def failed() -> None:
        assert (await server.row(NetworkRow, network.id)).state == "Allocated"
        assert await _router(server, network) is None
        assert await _taken(server, network) == (0, 0)

    return Case({"networkid": network.id}, succeeded, failed)


@scenario("deployVirtualMachine")
async def deploy_into_a_new_network(server: Server) -> Case:
    """The first Instance makes its network and router."""
    network = await isolated_network(server)
    parameters = deployment(server, networkids=[network.id])

    async def state() -> str:
        return next(vm.state for vm in await server.all(VmRow) if vm.name == parameters["name"])

    async def succeeded() -> None:
        assert await state() == "Running"
        assert (await server.row(NetworkRow, network.id)).state == "Implemented"

    async def failed() -> None:
        assert await state() == "Error"
        assert (await server.row(NetworkRow, network.id)).state in ("Allocated", "Implemented")

    return Case(parameters, succeeded, failed)


@scenario("restartNetwork")
async def restart(server: Server) -> Case:
    network = await implemented_network(server)
    before = await _router(server, network)

    async def succeeded() -> None:
        after = await _router(server, network)
        assert after is not None
        assert before is not None
        assert (after.state, after.id != before.id) == ("Running", True)

    async def failed() -> None:
        """It can be restarted again."""
        await server.call("restartNetwork", id=network.id, cleanup=True)
        await server.world.check()
        await succeeded()

    return Case({"id": network.id, "cleanup": True}, succeeded, failed)


@scenario("launchRouter")
async def launch(server: Server) -> Case:
    router = await _its_router(server)
    await server.call("stopRouter", id=router.id)

    async def succeeded() -> None:
        assert await vm_state(server, router) == "Running"

    async def failed() -> None:
        assert await vm_state(server, router) == "Stopped"

    return Case({"id": router.id}, succeeded, failed)


@scenario("startRouter")
async def start(server: Server) -> Case:
    return await launch(server)


@scenario("stopRouter")
async def stop(server: Server) -> Case:
    router = await _its_router(server)

    async def succeeded() -> None:
        assert await vm_state(server, router) == "Stopped"

    async def failed() -> None:
        assert await vm_state(server, router) in ("Running", "Stopped")

    return Case({"id": router.id}, succeeded, failed)


@scenario("rebootRouter")
async def reboot(server: Server) -> Case:
    router = await _its_router(server)

    async def runs() -> None:
        assert await vm_state(server, router) == "Running"

    async def whole() -> None:
        assert await vm_state(server, router) in ("Running", "Stopped")

    return Case({"id": router.id}, runs, whole)


@scenario("destroyRouter")
async def destroy(server: Server) -> Case:
    return await _ending(server, "destroyRouter")


@scenario("expungeRouter")
async def expunge(server: Server) -> Case:
    return await _ending(server, "expungeRouter")


async def _ending(server: Server, command: str) -> Case:
    router = await _its_router(server)

    async def succeeded() -> None:
        assert await vm_state(server, router) == "Gone"
        assert not [n for n in await server.all(NicRow) if n.vm_id == router.id]

    async def failed() -> None:
        """It can be destroyed again."""
        await server.call(command, id=router.id)
        await server.world.check()
        await succeeded()

    return Case({"id": router.id}, succeeded, failed)


@scenario("deleteNetwork")
async def delete_with_its_router(server: Server) -> Case:
    network = await implemented_network(server)
    vm = next(vm for vm in await server.all(VmRow) if vm.type == "User")
    await server.call("destroyVirtualMachine", id=vm.id, expunge=True)

    async def succeeded() -> None:
        assert (await server.row(NetworkRow, network.id)).removed_ms is not None
        assert await _router(server, network) is None
        assert await _taken(server, network) == (0, 0)

    async def failed() -> None:
        """It can be deleted again."""
        await server.call("deleteNetwork", id=network.id)
        await server.world.check()
        await succeeded()

    return Case({"id": network.id}, succeeded, failed)
