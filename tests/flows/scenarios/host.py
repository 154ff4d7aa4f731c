"""Scenarios of what operators do with hosts."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import deployed, vm_state
from tests.flows.server import Server

from lakh.contract.declaration import COMMANDS
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import HostRow


async def _state(server: Server, host: HostRow) -> str:
    row = await server.row(HostRow, host.id)
    in_memory = server.cloud.part(HostIndex).facts[host.id].resource_state
    assert in_memory == row.resource_state, f"memory says {in_memory} of a host that is {row.resource_state}"
    return row.resource_state


@scenario("prepareHostForMaintenance")
async def maintain_an_empty_host(server: Server) -> Case:
    host = server.world.made.hosts[0]
    await _leave_maintenance(server, host)

    async def succeeded() -> None:
        assert await _state(server, host) == "Maintenance"

    async def failed() -> None:
        """Where it has begun, an operator has to look."""
        assert await _state(server, host) in ("Enabled", "ErrorInPrepareForMaintenance")

    return Case({"id": host.id}, succeeded, failed)


async def _leave_maintenance(server: Server, host: HostRow) -> None:
    if await _state(server, host) != "Enabled":
        await server.call("cancelHostMaintenance", id=host.id)


async def maintain_a_host_with_vms(server: Server) -> Case:
    for other in server.world.made.hosts:
        await _leave_maintenance(server, other)
    vm = await deployed(server)
    host = await server.row(HostRow, vm.host_id or 0)

    async def succeeded() -> None:
        assert await _state(server, host) == "Maintenance"
        assert await vm_state(server, vm) == "Running"
        assert vm.instance_name not in [d.spec.name for d in server.hosts.hosts[host.id].hypervisor.domains()]
        await server.call("cancelHostMaintenance", id=host.id)

    async def failed() -> None:
        assert await vm_state(server, vm) == "Running"
        await _leave_maintenance(server, host)

    return Case({"id": host.id}, succeeded, failed)


if "migrateVirtualMachine" in COMMANDS:
    scenario("prepareHostForMaintenance")(maintain_a_host_with_vms)


@scenario("cancelHostMaintenance")
async def work_again(server: Server) -> Case:
    host = server.world.made.hosts[0]
    await server.call("prepareHostForMaintenance", id=host.id)

    async def succeeded() -> None:
        assert await _state(server, host) == "Enabled"

    async def failed() -> None:
        assert await _state(server, host) == "Maintenance"

    return Case({"id": host.id}, succeeded, failed)


async def _lost(server: Server) -> HostRow:
    """A host that is away, and empty."""
    host = server.world.made.hosts[1]
    server.hosts.away.add(host.id)
    server.cloud.part(HostIndex).set_connected(host.id, False)
    await set_status(server.cloud, host.id, "Alert")
    return host


@scenario("declareHostAsDegraded")
async def degrade(server: Server) -> Case:
    host = await _lost(server)

    async def succeeded() -> None:
        assert await _state(server, host) == "Degraded"

    async def failed() -> None:
        assert await _state(server, host) in ("Enabled", "Degraded")

    return Case({"id": host.id}, succeeded, failed)


@scenario("cancelHostAsDegraded")
async def take_back(server: Server) -> Case:
    host = await _lost(server)
    await server.call("declareHostAsDegraded", id=host.id)

    async def succeeded() -> None:
        assert await _state(server, host) == "Enabled"

    async def failed() -> None:
        assert await _state(server, host) == "Degraded"

    return Case({"id": host.id}, succeeded, failed)


@scenario("reconnectHost")
async def reconnect(server: Server) -> Case:
    host = server.world.made.hosts[2]
    server.hosts.dropped.clear()

    async def succeeded() -> None:
        assert set(server.hosts.dropped) == {host.id}

    async def failed() -> None:
        assert (await server.row(HostRow, host.id)).status == "Up"

    return Case({"id": host.id}, succeeded, failed)
