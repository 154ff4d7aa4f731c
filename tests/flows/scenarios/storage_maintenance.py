"""Scenarios of primary storage in maintenance."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import deployed, vm_state
from tests.flows.server import Server

from lakh.agent.host import Host
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.vm.row import VmRow


async def _status(server: Server) -> str:
    return (await server.row(StoragePoolRow, server.world.made.pool.id)).status


def _mounted(server: Server) -> int:
    """How many hosts have the pool."""
    hosts = [host for host in server.hosts.hosts.values() if isinstance(host, Host)]
    return sum(server.world.made.pool.uuid in host.hypervisor.pools for host in hosts)


async def _works(server: Server, vm: VmRow) -> None:
    """Up again, on all hosts but those that refused it, and the Instance runs, unless all that were asked refused."""
    assert (await _status(server), _mounted(server) >= 1) == ("Up", True)
    if await vm_state(server, vm) == "Stopped":
        assert "StartCommand" in [name for _, name in server.hosts.said]
        await server.call("startVirtualMachine", id=vm.id)
    assert await vm_state(server, vm) == "Running"


async def _up_with(server: Server, vm: VmRow) -> None:
    """Out of maintenance everything is as it was before."""
    await server.call("cancelStorageMaintenance", id=server.world.made.pool.id)
    await _works(server, vm)
    await server.world.check()


@scenario("enableStorageMaintenance")
async def maintain(server: Server) -> Case:
    """An Instance with its disks there is stopped, and starts again when the pool is back."""
    vm, pool = await deployed(server), server.world.made.pool

    async def succeeded() -> None:
        assert (await _status(server), await vm_state(server, vm)) == ("Maintenance", "Stopped")
        await _up_with(server, vm)

    async def failed() -> None:
        """It can be tried again, and who was stopped at the first time is not forgotten."""
        assert await _status(server) in ("Up", "ErrorInMaintenance")
        await server.call("enableStorageMaintenance", id=pool.id)
        await succeeded()

    return Case({"id": pool.id}, succeeded, failed)


@scenario("cancelStorageMaintenance")
async def work_again(server: Server) -> Case:
    vm, pool = await deployed(server), server.world.made.pool
    await server.call("enableStorageMaintenance", id=pool.id)

    async def succeeded() -> None:
        await _works(server, vm)

    async def failed() -> None:
        """Once the pool is Up, an Instance that did not start is its owner's."""
        if await _status(server) != "Up":
            assert await _status(server) == "Maintenance"
            await _up_with(server, vm)
        elif await vm_state(server, vm) == "Stopped":
            await server.call("startVirtualMachine", id=vm.id)

    return Case({"id": pool.id}, succeeded, failed)
