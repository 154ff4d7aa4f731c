"""Scenarios of physical networks and what lies on them."""

from __future__ import annotations

from typing import TypeVar

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import fresh, physical_network
from tests.flows.server import Server

from lakh.resources.physical_network.row import PhysicalNetworkRow, ServiceProviderRow, TrafficTypeRow
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow
from lakh.store.table import Row

R = TypeVar("R", bound=Row)


async def _on(server: Server, kind: type[R], column: str, owner_id: int) -> list[R]:
    return [row for row in await server.all(kind) if getattr(row, column) == owner_id]


async def _provider(server: Server, network: PhysicalNetworkRow, name: str) -> ServiceProviderRow | None:
    found = await _on(server, ServiceProviderRow, "physical_network_id", network.id)
    return next((p for p in found if p.name == name), None)


async def _without_router(server: Server) -> tuple[PhysicalNetworkRow, ServiceProviderRow]:
    """A physical network and its VirtualRouter provider."""
    network = await physical_network(server)
    provider = await _provider(server, network, "VirtualRouter")
    assert provider is not None
    return network, provider


@scenario("createPhysicalNetwork")
async def create(server: Server) -> Case:
    name = fresh("physical")

    async def there() -> None:
        """With all its providers: admission is the whole of it."""
        network = next(n for n in await server.all(PhysicalNetworkRow) if n.name == name)
        assert len(await _on(server, ServiceProviderRow, "physical_network_id", network.id)) >= 5

    return Case({"zoneid": server.world.made.zone.id, "name": name}, there, there)


@scenario("updatePhysicalNetwork")
async def update(server: Server) -> Case:
    network = await physical_network(server)

    async def row() -> tuple[str, str]:
        found = await server.row(PhysicalNetworkRow, network.id)
        return found.state, found.vlan

    async def succeeded() -> None:
        assert await row() == ("Enabled", "300-310")

    async def failed() -> None:
        assert await row() == ("Disabled", "")

    return Case({"id": network.id, "state": "Enabled", "vlan": "300-310"}, succeeded, failed)


@scenario("deletePhysicalNetwork")
async def delete(server: Server) -> Case:
    network = await physical_network(server)
    await server.call("addTrafficType", physicalnetworkid=network.id, traffictype="Guest")

    async def left() -> list[int]:
        return [
            len(await _on(server, PhysicalNetworkRow, "id", network.id)),
            len(await _on(server, TrafficTypeRow, "physical_network_id", network.id)),
            min(1, len(await _on(server, ServiceProviderRow, "physical_network_id", network.id))),
        ]

    async def succeeded() -> None:
        assert await left() == [0, 0, 0]

    async def failed() -> None:
        assert await left() == [1, 1, 1]

    return Case({"id": network.id}, succeeded, failed)


@scenario("addTrafficType")
async def add_traffic(server: Server) -> Case:
    network = await physical_network(server)

    async def there() -> None:
        assert len(await _on(server, TrafficTypeRow, "physical_network_id", network.id)) == 1

    parameters = {"physicalnetworkid": network.id, "traffictype": "Guest", "kvmnetworklabel": "cloudbr1"}
    return Case(parameters, there, there)


async def _traffic(server: Server) -> TrafficTypeRow:
    network = await physical_network(server)
    await server.call("addTrafficType", physicalnetworkid=network.id, traffictype="Storage", kvmnetworklabel="old")
    return (await _on(server, TrafficTypeRow, "physical_network_id", network.id))[0]


@scenario("updateTrafficType")
async def relabel(server: Server) -> Case:
    traffic = await _traffic(server)

    async def succeeded() -> None:
        assert (await server.row(TrafficTypeRow, traffic.id)).kvm_label == "new"

    async def failed() -> None:
        assert (await server.row(TrafficTypeRow, traffic.id)).kvm_label == "old"

    return Case({"id": traffic.id, "kvmnetworklabel": "new"}, succeeded, failed)


@scenario("deleteTrafficType")
async def delete_traffic(server: Server) -> Case:
    traffic = await _traffic(server)

    async def succeeded() -> None:
        assert (await server.row(TrafficTypeRow, traffic.id)).removed_ms is not None

    async def failed() -> None:
        assert (await server.row(TrafficTypeRow, traffic.id)).removed_ms is None

    return Case({"id": traffic.id}, succeeded, failed)


@scenario("addNetworkServiceProvider")
async def add_provider(server: Server) -> Case:
    network, provider = await _without_router(server)
    await server.call("deleteNetworkServiceProvider", id=provider.id)

    async def there() -> None:
        assert await _provider(server, network, "VirtualRouter") is not None

    return Case({"physicalnetworkid": network.id, "name": "VirtualRouter"}, there, there)


@scenario("updateNetworkServiceProvider")
async def enable_provider(server: Server) -> Case:
    network = await physical_network(server)
    provider = await _provider(server, network, "SecurityGroupProvider")
    assert provider is not None

    async def state() -> str:
        return (await server.row(ServiceProviderRow, provider.id)).state

    async def succeeded() -> None:
        assert await state() == "Enabled"

    async def failed() -> None:
        assert await state() == "Disabled"

    return Case({"id": provider.id, "state": "Enabled"}, succeeded, failed)


@scenario("deleteNetworkServiceProvider")
async def delete_provider(server: Server) -> Case:
    network, provider = await _without_router(server)

    async def succeeded() -> None:
        assert await _provider(server, network, "VirtualRouter") is None

    async def failed() -> None:
        assert await _provider(server, network, "VirtualRouter") == provider

    return Case({"id": provider.id}, succeeded, failed)


@scenario("createVirtualRouterElement")
async def create_element(server: Server) -> Case:
    network, provider = await _without_router(server)
    await server.call("deleteNetworkServiceProvider", id=provider.id)
    await server.call("addNetworkServiceProvider", physicalnetworkid=network.id, name="VirtualRouter")
    provider = await _provider(server, network, "VirtualRouter") or provider

    async def there() -> None:
        assert len(await _on(server, VirtualRouterElementRow, "provider_id", provider.id)) == 1

    return Case({"nspid": provider.id}, there, there)


@scenario("configureVirtualRouterElement")
async def configure_element(server: Server) -> Case:
    _, provider = await _without_router(server)
    (element,) = await _on(server, VirtualRouterElementRow, "provider_id", provider.id)

    async def enabled() -> bool:
        return (await server.row(VirtualRouterElementRow, element.id)).enabled

    async def succeeded() -> None:
        assert await enabled()

    async def failed() -> None:
        assert not await enabled()

    return Case({"id": element.id, "enabled": True}, succeeded, failed)
