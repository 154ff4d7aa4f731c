"""Every filter of the lists of networks, routers and public addresses, by two values each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.filters import Filters
from tests.networks import offering
from tests.routed import NAT, Routed

PLAIN = "DefaultIsolatedNetworkOffering"


@pytest.fixture
async def routed() -> AsyncIterator[Routed]:
    running = await Routed.start()
    yield running
    await running.stop()


async def test_networks(routed: Routed) -> None:
    api, admin = routed.api, routed.api.admin
    await routed.network(admin, "nat", displaytext="with NAT", gateway="10.5.0.1", netmask="255.255.255.0")
    await routed.network(
        admin,
        "plain",
        PLAIN,
        displaytext="without",
        gateway="10.6.0.1",
        netmask="255.255.0.0",
        displaynetwork=False,
        vlan="777",
    )
    joe = await api.user("joe", await api.domain("north"))
    await routed.network(joe, "joes", networkdomain="joe.example.org")
    networks = Filters(admin, "listNetworks", "network")
    found = {n["name"]: n for n in (await admin.call("listNetworks", listall=True))["network"]}
    shared = routed.world.made.network
    one, two, three = ["nat"], ["plain"], [shared.name]
    await networks.tell("id", {found["nat"]["id"]: one, found["plain"]["id"]: two})
    await networks.tell("name", {"nat": one, "plain": two})
    await networks.tell("keyword", {"NAT": one, "plai": two})
    await networks.tell("type", {"Isolated": one + two, "Shared": three})
    await networks.tell("acltype", {"Account": one + two, "Domain": three})
    await networks.tell("traffictype", {"Guest": one + two + three, "Storage": []})
    await networks.tell("networkofferingid", {await offering(api, NAT): one, await offering(api, PLAIN): two})
    await networks.tell("supportedservices", {"SourceNat": one, "Dhcp": one + two})
    await networks.tell("specifyipranges", {True: two + three, False: one})
    await networks.tell("restartrequired", {True: [], False: one + two + three})
    await networks.tell("forvpc", {True: [], False: one + two + three})
    await networks.tell("displaynetwork", {True: one + three, False: two})
    await networks.tell("networkfilter", {"Account": one + two, "Domain": three, "All": one + two + three})
    await networks.tell(
        "physicalnetworkid", {routed.site.physical: one + two, found[shared.name]["physicalnetworkid"]: three}
    )
    await networks.tell("listall", {True: [*one, *two, *three, "joes"], False: [*one, *two, *three]})
    await networks.tell("vlan", {"777": two, "50": three})
    await networks.pages()
    for wanted, count in ((True, 0), (False, 3)):
        answer = await admin.call("listNetworks", retrieveonlyresourcecount=wanted)
        assert (answer["count"], len(answer.get("network", []))) == (3, count)


async def test_routers_and_addresses(routed: Routed) -> None:
    admin = routed.api.admin
    first, second = [await routed.network(admin, name) for name in ("one", "two")]
    for network in (first, second):
        await routed.deploy(admin, network)
    at, to = await routed.router_of(first), await routed.router_of(second)
    one, two = [at["name"]], [to["name"]]
    routers = Filters(admin, "listRouters", "router", listall=True)
    await routers.tell("id", {at["id"]: one, to["id"]: two})
    await routers.tell("name", {at["name"]: one, to["name"]: two})
    await routers.tell("networkid", {first["id"]: one, second["id"]: two})
    await routers.tell("state", {"Running": one + two, "Stopped": []})
    await routers.tell("keyword", {at["name"]: one, "r-": one + two})
    await routers.pages()
    addresses = Filters(admin, "listPublicIpAddresses", "publicipaddress", shown="ipaddress")
    found = {a["associatednetworkid"]: a for a in (await admin.call("listPublicIpAddresses"))["publicipaddress"]}
    mine, other = found[first["id"]], found[second["id"]]
    here, there = [mine["ipaddress"]], [other["ipaddress"]]
    await addresses.tell("id", {mine["id"]: here, other["id"]: there})
    await addresses.tell("ipaddress", {mine["ipaddress"]: here, other["ipaddress"]: there})
    await addresses.tell("associatednetworkid", {first["id"]: here, second["id"]: there})
    await addresses.tell("issourcenat", {True: here + there, False: []})
    await addresses.tell("isstaticnat", {True: [], False: here + there})
    await addresses.tell("keyword", {mine["ipaddress"]: here, "192.0.2.": here + there})
    await addresses.pages()
