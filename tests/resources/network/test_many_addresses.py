"""Addresses and VLANs where there are very many: each is dealt from memory, and what memory knows is read once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from typing import Any

import msgspec
import pytest
from tests.api import Api
from tests.blank import blank
from tests.networks import Site, offering, site
from tests.refusal import refused
from tests.routed import Routed

from lakh.base.errors import InsufficientCapacityError
from lakh.base.limits import POOL_PAGE
from lakh.resources.address_pools import AddressPools, Asked
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import INSERT as INSERT_ADDRESS
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import BY_UUID, NetworkRow
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.resources.physical_network.row import INSERT_VLAN, GuestVlanRow, PhysicalNetworkRow
from lakh.resources.physical_network.vlans import GuestVlans, without
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.statement import TxnSpec

SHARED = "DefaultSharedNetworkOffering"
FIRST = int(IPv4Address("10.64.0.10"))


@pytest.fixture
async def routed() -> AsyncIterator[Routed]:
    running = await Routed.start()
    yield running
    await running.stop()


def ran(api: Api, statement: str) -> int:
    return int(api.cloud.store.counters().get(f"statement:{statement}", 0))


async def shared(api: Api, here: Site, size: int, name: str = "wide") -> NetworkRow:
    """A shared network with so many addresses."""
    made = await api.admin.call(
        "createNetwork", name=name, zoneid=here.zone_id, networkofferingid=await offering(api, SHARED),
        vlan=700, gateway="10.64.0.1", netmask="255.192.0.0", startip=str(IPv4Address(FIRST)),
        endip=str(IPv4Address(FIRST + size - 1)),
    )  # fmt: skip
    return (await api.cloud.store.rows(BY_UUID, made["network"]["id"]))[0]


def nic(api: Api, network: NetworkRow, number: int) -> NicRow:
    return blank(api.cloud, NicRow, vm_id=1, network_id=network.id, ip=str(IPv4Address(number)), traffic_type="Guest")


async def fill(api: Api, network: NetworkRow, numbers: range) -> None:
    await api.cloud.row_ids.reserve("nic", len(numbers))
    txn = TxnSpec("test.nics")
    for number in numbers:
        txn.put(INSERT_NIC, nic(api, network, number))
    await api.cloud.store.submit(txn)


async def test_an_address_of_a_filled_network_is_dealt_without_reading(api: Api) -> None:
    network = await shared(api, await site(api), 3 * POOL_PAGE)
    await fill(api, network, range(FIRST, FIRST + 3 * POOL_PAGE - 500))
    addresses = api.cloud.part(GuestAddresses)
    dealt = [await addresses.take(network)]
    read = ran(api, "nic.addresses_after")
    assert read == 3, "pages of what is taken"
    for gap in (17, 7_000, 11_111):
        addresses.give_back(network.id, str(IPv4Address(FIRST + gap)))
    dealt += [await addresses.take(network) for _ in range(502)]
    assert ran(api, "nic.addresses_after") == read
    with pytest.raises(InsufficientCapacityError, match=f"all {3 * POOL_PAGE} are in use"):
        await addresses.take(network)
    assert len(set(dealt)) == 503
    assert {str(IPv4Address(FIRST + gap)) for gap in (17, 7_000, 11_111)} <= set(dealt)


async def test_a_network_that_is_full_is_not_read_again_for_everybody_it_refuses(api: Api) -> None:
    clock, reads = api.clock, 0

    async def read(_: str) -> AsyncIterator[list[int]]:
        nonlocal reads
        reads += 1
        clock.forward(2.0)  # a million addresses take their time
        yield [1, 2, 3]

    asked = Asked(AddressPools(api.cloud, read), "net", 0, lambda: [(1, 3)])
    for _ in range(50):
        assert await asked.take() is None
    assert reads == 1
    clock.forward(41.0)
    assert await asked.take() is None
    assert reads == 2


async def test_what_memory_lost_is_found_when_all_seems_taken(api: Api) -> None:
    network = await shared(api, await site(api), 4)
    addresses = api.cloud.part(GuestAddresses)
    lost = [await addresses.take(network) for _ in range(4)]
    await fill(api, network, range(FIRST, FIRST + 3))
    api.clock.forward(5)
    assert await addresses.take(network) == lost[3]
    await fill(api, network, range(FIRST + 3, FIRST + 4))
    with pytest.raises(InsufficientCapacityError):
        await addresses.take(network)


async def test_a_range_of_a_million_addresses_is_one_row(api: Api) -> None:
    here = await site(api)
    network = await shared(api, here, 10)
    counters = api.cloud.store.counters()
    before = counters["statements"] + counters["read_statements"]
    await api.admin.call(
        "createVlanIpRange", networkid=network.uuid, forvirtualnetwork=False, startip="10.70.0.0", endip="10.85.66.63",
    )  # fmt: skip
    counters = api.cloud.store.counters()
    assert counters["statements"] + counters["read_statements"] - before <= 10
    addresses = api.cloud.part(GuestAddresses)
    dealt = [await addresses.take(network) for _ in range(11)]
    assert dealt[-1] == "10.70.0.0"
    assert await addresses.take(network, "10.85.66.63") == "10.85.66.63"
    listed = (await api.admin.call("listVlanIpRanges", networkid=network.uuid))["vlaniprange"]
    made = next(r for r in listed if r["startip"] == "10.70.0.0")
    await fill(api, network, range(int(IPv4Address("10.80.0.0")), int(IPv4Address("10.80.0.1"))))
    for ip in ("10.70.0.0", "10.85.66.63"):  # proposed to somebody, and stored by nobody
        assert ip in {str(IPv4Address(number)) for number in addresses.known()[network.id]}
    addresses.forget(network.id)
    await refused(api.admin.call("deleteVlanIpRange", id=made["id"]), 431, "10.80.0.0 is in use")


async def test_free_public_addresses_are_paged(api: Api) -> None:
    here = await site(api)
    within = await api.admin.call(
        "createVlanIpRange", zoneid=here.zone_id, physicalnetworkid=here.physical, vlan="untagged",
        gateway="100.64.0.1", netmask="255.192.0.0", startip="100.64.1.0", endip="100.80.66.63",
    )  # fmt: skip
    row = (await api.cloud.snapshots.of(VlanRangeRow)).by_uuid[within["vlan"]["id"]]
    txn = TxnSpec("test.addresses")
    for last in (0, 2, 3):
        txn.put(INSERT_ADDRESS, address(api, row, f"100.64.1.{last}"))
    await api.cloud.store.submit(txn)
    asked: dict[str, Any] = {"vlanid": within["vlan"]["id"], "allocatedonly": False, "listall": True, "pagesize": 4}
    pages = [await api.admin.call("listPublicIpAddresses", page=page, **asked) for page in (1, 2)]
    size = int(IPv4Address("100.80.66.63")) - int(IPv4Address("100.64.1.0")) + 1
    assert [page["count"] for page in pages] == [size, size]
    assert [a["ipaddress"].split(".")[3] for page in pages for a in page["publicipaddress"]] == list("02314567")
    found = await api.admin.call("listPublicIpAddresses", ipaddress="100.80.66.63", page=1, **asked)
    assert [(a["ipaddress"], a["state"]) for a in found["publicipaddress"]] == [("100.80.66.63", "Free")]
    await refused(api.admin.call("deleteVlanIpRange", id=within["vlan"]["id"]), 431, "100.64.1.0 is in use")


def address(api: Api, within: VlanRangeRow, ip: str) -> IpAddressRow:
    return blank(
        api.cloud, IpAddressRow, address=ip, zone_id=within.zone_id, range_id=within.id, account_id=2, domain_id=1,
        physical_network_id=within.physical_network_id, state="Allocated",
    )  # fmt: skip


async def test_networks_come_and_go_without_reading_all_vlans_again(routed: Routed) -> None:
    joe, api = await routed.api.user("joe"), routed.api
    for turn in range(3):
        network = await routed.network(joe, f"n{turn}")
        vm = await routed.deploy(joe, network)
        await api.admin.job("destroyVirtualMachine", id=vm["id"], expunge=True)
        await joe.job("deleteNetwork", id=network["id"])
    assert ran(api, "guest_vlan.taken") == 1
    assert ran(api, "ip_address.in_range") == 1
    assert [set(known) for known in api.cloud.part(GuestVlans).known().values()] == [set()]
    assert [set(known) for known in api.cloud.part(PublicAddresses).known().values()] == [set()]


async def test_a_vlan_in_use_stays_in_the_range(api: Api) -> None:
    here = await site(api, vlan="100-199")
    physical = (await api.cloud.snapshots.of(PhysicalNetworkRow)).by_uuid[here.physical]
    taken = GuestVlanRow(api.cloud.id("guest_vlan"), physical.id, 150, 1, 2, 0)
    outside = GuestVlanRow(api.cloud.id("guest_vlan"), physical.id, 3000, 1, 2, 0)
    await api.cloud.store.submit(TxnSpec("test.vlans").put(INSERT_VLAN, taken).put(INSERT_VLAN, outside))
    update = {"id": here.physical}
    await refused(api.admin.job("updatePhysicalNetwork", vlan="100-149,151-199", **update), 431, "VLAN 150 is in use")
    await api.admin.job("updatePhysicalNetwork", vlan="140-160", **update)
    now = (await api.cloud.snapshots.of(PhysicalNetworkRow)).by_uuid[here.physical]
    dealt = {await api.cloud.part(GuestVlans).take(now) for _ in range(20)}
    assert dealt == {*range(140, 161)} - {150}
    wider = msgspec.structs.replace(now, vlan="140-161")
    assert await api.cloud.part(GuestVlans).take(wider) == 161


def test_what_a_new_range_leaves_out() -> None:
    assert without([(1, 10), (20, 30)], [(3, 4), (8, 22), (30, 30)]) == [(1, 2), (5, 7), (23, 29)]
    assert without([(1, 10)], []) == [(1, 10)]
    assert without([(1, 10)], [(1, 10)]) == []
