"""Scenarios of guest networks."""

from __future__ import annotations

import itertools

from tests.flows.scenario import Case, scenario
from tests.flows.scenarios.parts import fresh, physical_network
from tests.flows.server import Server

from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.physical_network.row import GuestVlanRow

_vlans = itertools.count(1000)


async def _isolated(server: Server) -> NetworkRow:
    """A network with a VLAN of its own, without router."""
    physical = await physical_network(server)
    await server.call("updatePhysicalNetwork", id=physical.id, state="Enabled")
    await server.call("addTrafficType", physicalnetworkid=physical.id, traffictype="Guest")
    offerings = await server.all(NetworkOfferingRow)
    offering = next(o for o in offerings if o.guest_type == "L2" and o.specify_vlan and o.state == "Enabled")
    name = fresh("network")
    await server.call(
        "createNetwork", name=name, networkofferingid=offering.id, zoneid=physical.zone_id,
        physicalnetworkid=physical.id, vlan=str(next(_vlans)),
    )  # fmt: skip
    return next(n for n in await server.all(NetworkRow) if n.name == name)


@scenario("updateNetwork")
async def rename(server: Server) -> Case:
    network = await _isolated(server)

    async def succeeded() -> None:
        assert (await server.row(NetworkRow, network.id)).name == "renamed"

    async def failed() -> None:
        assert (await server.row(NetworkRow, network.id)).name == network.name

    return Case({"id": network.id, "name": "renamed"}, succeeded, failed)


@scenario("deleteNetwork")
async def delete(server: Server) -> Case:
    network = await _isolated(server)

    async def vlans() -> list[int]:
        return [v.vlan for v in await server.all(GuestVlanRow) if v.network_id == network.id]

    async def succeeded() -> None:
        assert (await server.row(NetworkRow, network.id)).removed_ms is not None
        assert await vlans() == []

    async def failed() -> None:
        """It can be deleted again."""
        assert len(await vlans()) == 1
        await server.call("deleteNetwork", id=network.id)
        await succeeded()

    return Case({"id": network.id}, succeeded, failed)
