"""Scenarios of public addresses that isolated networks acquire and release."""

from __future__ import annotations

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import implemented_network, isolated_network
from tests.flows.server import Server

from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.limit.row import ACCOUNT, ResourceCountRow
from lakh.resources.network.row import NetworkRow
from lakh.resources.vm.row import DOMAIN_ROUTER, VmRow


async def _acquired(server: Server, network: NetworkRow) -> list[IpAddressRow]:
    """What the network has besides its source NAT; its owner is counted for all."""
    addresses = [a for a in await server.all(IpAddressRow) if a.network_id == network.id]
    counts = await server.all(ResourceCountRow)
    count = next(c for c in counts if (c.owner_kind, c.owner_id) == (ACCOUNT, network.account_id))
    owned = [a for a in await server.all(IpAddressRow) if a.account_id == network.account_id and not a.is_system]
    assert count.public_ip == len(owned)
    return [a for a in addresses if not a.is_source_nat]


async def _on_router(server: Server, network: NetworkRow) -> set[str]:
    """The addresses that its router answers to."""
    router = next(vm for vm in await server.all(VmRow) if vm.type == DOMAIN_ROUTER and vm.network_id == network.id)
    model = server.world.routers.get(router.instance_name)
    assert model is not None
    return set(model.addresses)


@scenario("associateIpAddress")
async def acquire(server: Server) -> Case:
    """For a network whose router runs."""
    network = await implemented_network(server)
    before = await _on_router(server, network)

    async def succeeded() -> None:
        (address,) = await _acquired(server, network)
        assert address.state == "Allocated"
        assert await _on_router(server, network) == {*before, address.address}

    async def failed() -> None:
        assert await _acquired(server, network) == []
        assert await _on_router(server, network) == before

    return Case({"networkid": network.id}, succeeded, failed)


@scenario("associateIpAddress")
async def acquire_without_a_router(server: Server) -> Case:
    """Its router is told when there is one."""
    network = await isolated_network(server)

    async def succeeded() -> None:
        (address,) = await _acquired(server, network)
        assert address.state == "Allocated"

    async def failed() -> None:
        assert await _acquired(server, network) == []

    return Case({"networkid": network.id}, succeeded, failed)


@scenario("disassociateIpAddress")
async def release(server: Server) -> Case:
    network = await implemented_network(server)
    before = await _on_router(server, network)
    await server.call("associateIpAddress", networkid=network.id)
    (address,) = await _acquired(server, network)

    async def succeeded() -> None:
        assert await _acquired(server, network) == []
        assert await _on_router(server, network) == before

    async def failed() -> None:
        """It can be released again."""
        assert [a.id for a in await _acquired(server, network)] == [address.id]
        await server.call("disassociateIpAddress", id=address.id)
        await server.world.check()
        await succeeded()

    return Case({"id": address.id}, succeeded, failed)
