"""Public addresses through the API: acquired, told to the router, limited, released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.refusal import refused
from tests.routed import Routed

from lakh.contract.client import ClientError
from lakh.resources.ip_address.row import INSERT, IpAddressRow
from lakh.store.statement import TxnSpec, select

ADDRESSES = select("test.addresses", IpAddressRow, "WHERE removed_ms IS NULL ORDER BY id")


@pytest.fixture
async def routed() -> AsyncIterator[Routed]:
    running = await Routed.start()
    yield running
    await running.stop()


async def test_an_address_is_acquired_applied_and_released(routed: Routed) -> None:
    joe, ann = await routed.api.user("joe"), await routed.api.user("ann")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    router = await routed.router_of(front)
    made = await joe.job("associateIpAddress", networkid=front["id"])
    address = made["ipaddress"]
    assert (made["id"], address["state"], address["issourcenat"]) == (address["id"], "Allocated", False)
    assert (address["associatednetworkid"], address["account"]) == (front["id"], "joe")
    assert routed.model(router).addresses == {router["publicip"]: True, address["ipaddress"]: False}
    listed = await joe.call("listPublicIpAddresses", associatednetworkid=front["id"])
    assert [(a["ipaddress"], a["issourcenat"]) for a in listed["publicipaddress"]] == [
        (router["publicip"], True),
        (address["ipaddress"], False),
    ]
    assert (await joe.call("listPublicIpAddresses", issourcenat=False))["count"] == 1
    assert await ann.call("listPublicIpAddresses", listall=True) == {}
    await refused(ann.job("disassociateIpAddress", id=address["id"]), 531, "does not have permission")
    source_nat = listed["publicipaddress"][0]["id"]
    await refused(joe.job("disassociateIpAddress", id=source_nat), 431, "is source NAT")
    await joe.job("disassociateIpAddress", id=address["id"])
    assert routed.model(router).addresses == {router["publicip"]: True}
    assert await joe.call("listPublicIpAddresses", id=address["id"]) == {}
    again = await joe.job("associateIpAddress", networkid=front["id"], ipaddress=address["ipaddress"])
    assert again["ipaddress"]["ipaddress"] == address["ipaddress"]


async def test_wrong_addresses_are_refused(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    wire = await routed.network(joe, "wire", "DefaultL2NetworkOffering")
    for parameters, text in (
        ({}, "name the guest network"),
        ({"networkid": wire["id"]}, "has no SourceNat service"),
        ({"networkid": front["id"], "ipaddress": "198.51.100.1"}, "is in no public range"),
        ({"networkid": front["id"], "ipaddress": "many"}, "give an IPv4 address"),
    ):
        await refused(joe.job("associateIpAddress", **parameters), 431, text)
    made = await joe.job("associateIpAddress", networkid=front["id"], ipaddress="192.0.2.120")
    await refused(joe.job("associateIpAddress", networkid=front["id"], ipaddress="192.0.2.120"), 431, "it is in use")
    await refused(joe.job("disassociateIpAddress"), 431, "Either id or ipaddress")
    await joe.job("disassociateIpAddress", ipaddress=made["ipaddress"]["ipaddress"])


async def test_a_router_that_refuses_an_address_does_not_keep_it(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    refusing = [True]
    routed.world.hosts.refuse = lambda _, c: "no" if refusing and c.name == "IpAssocCommand" and refusing.pop() else ""
    await refused(joe.job("associateIpAddress", networkid=front["id"]), 534, "Unable to apply IP")
    assert (await joe.call("listPublicIpAddresses"))["count"] == 1


async def test_the_limit_of_public_addresses_holds(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    tries = (joe.job("associateIpAddress", networkid=front["id"]) for _ in range(25))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert len([one for one in done if isinstance(one, dict)]) == 20, "max.account.public.ips"
    errors = [one for one in done if isinstance(one, ClientError)]
    assert {error.errorcode for error in errors} == {535}
    assert len(errors) == 5
    await refused(routed.deploy(joe, front), 535, "public_ip")


async def test_an_address_that_somebody_else_took_is_passed_over(routed: Routed) -> None:
    joe, cloud = await routed.api.user("joe"), routed.api.cloud
    front = await routed.network(joe, "front")
    await joe.job("associateIpAddress", networkid=front["id"], ipaddress="192.0.2.101")
    row = (await cloud.store.rows(ADDRESSES))[0]
    other = msgspec.structs.replace(row, id=cloud.id("ip_address"), uuid=cloud.uuid(), address="192.0.2.102")
    await cloud.store.submit(TxnSpec("test.taken").put(INSERT, other))
    made = await joe.job("associateIpAddress", networkid=front["id"])
    assert made["ipaddress"]["ipaddress"] == "192.0.2.103"


async def test_admins_see_free_addresses(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await joe.job("associateIpAddress", networkid=front["id"], ipaddress="192.0.2.105")
    everything = await routed.api.admin.call("listPublicIpAddresses", listall=True, allocatedonly=False)
    assert everything["count"] == 50
    free = await routed.api.admin.call(
        "listPublicIpAddresses", listall=True, allocatedonly=False, state="Free", page=2, pagesize=10
    )
    assert (free["count"], len(free["publicipaddress"])) == (49, 10)
    assert {a["state"] for a in free["publicipaddress"]} == {"Free"}
    assert (await routed.api.admin.call("listPublicIpAddresses", listall=True))["count"] == 1


async def test_nics_are_listed(routed: Routed) -> None:
    joe, ann = await routed.api.user("joe"), await routed.api.user("ann")
    front = await routed.network(joe, "front")
    vm = await routed.deploy(joe, front)
    found = await joe.call("listNics", virtualmachineid=vm["id"])
    assert [(n["networkid"], n["isdefault"]) for n in found["nic"]] == [(front["id"], True)]
    assert found["nic"][0]["ipaddress"] == vm["nic"][0]["ipaddress"]
    assert await joe.call("listNics", virtualmachineid=vm["id"], networkid=routed.world.made.network.uuid) == {}
    await refused(ann.call("listNics", virtualmachineid=vm["id"]), 531, "does not have permission")
