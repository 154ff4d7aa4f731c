"""Guest networks through the API: what they become, who sees them, what is refused, limits."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address
from typing import Any

import pytest
from tests.api import Api, Tenant
from tests.blank import blank
from tests.networks import Site, offering, site
from tests.refusal import refused

from lakh.base.errors import ParameterError
from lakh.contract.client import ClientError
from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.network.row import BY_UUID
from lakh.resources.nic.row import INSERT as INSERT_NIC
from lakh.resources.nic.row import NicRow
from lakh.store.statement import TxnSpec

NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"
SHARED = "DefaultSharedNetworkOffering"
GROUPED = "DefaultSharedNetworkOfferingWithSGService"
RANGE = {"gateway": "10.9.0.1", "netmask": "255.255.255.0", "startip": "10.9.0.10", "endip": "10.9.0.20"}


async def isolated(who: Tenant, here: Site, name: str, **more: Any) -> dict[str, Any]:
    made = await who.call(
        "createNetwork", zoneid=here.zone_id, networkofferingid=await offering_of(who, NAT), name=name, **more
    )
    return dict(made["network"])


async def offering_of(who: Tenant, name: str) -> str:
    return str((await who.call("listNetworkOfferings", name=name))["networkoffering"][0]["id"])


async def test_an_isolated_network_waits_for_its_first_instance(api: Api) -> None:
    here, joe = await site(api), await api.user("joe")
    made = await isolated(joe, here, "front", displaytext="Front end", networkdomain="front.example.org")
    assert (made["type"], made["state"], made["acltype"]) == ("Isolated", "Allocated", "Account")
    assert (made["cidr"], made["gateway"], made["netmask"]) == ("10.1.1.0/24", "10.1.1.1", "255.255.255.0")
    assert (made["account"], made["networkdomain"], made["dns1"]) == ("joe", "front.example.org", "192.0.2.53")
    assert "vlan" not in made
    assert "physicalnetworkid" not in made
    assert {s["name"] for s in made["service"]} >= {"Dhcp", "Dns", "SourceNat", "UserData"}
    own = await isolated(joe, here, "back", gateway="172.16.5.1", netmask="255.255.255.128", dns1="192.0.2.99")
    assert (own["cidr"], own["dns1"]) == ("172.16.5.0/25", "192.0.2.99")
    assert own["networkdomain"] == f"cs{joe.account.id:x}cloud.internal"
    seen = (await api.admin.call("listNetworks", listall=True, type="isolated", keyword="FRON"))["network"]
    assert [(n["name"], n["physicalnetworkid"], n["displaynetwork"]) for n in seen] == [("front", here.physical, True)]


async def test_a_shared_network_is_for_its_domain(api: Api) -> None:
    here = await site(api)
    sales, tech = await api.domain("sales"), await api.domain("tech")
    north = await api.domain("north", sales)
    amy, ann, bob = await api.user("amy", sales), await api.user("ann", north), await api.user("bob", tech)
    shared = await offering(api, SHARED)
    common = {"zoneid": here.zone_id, "networkofferingid": shared} | RANGE
    made = (
        await api.admin.call("createNetwork", name="all", vlan=700, domainid=sales.uuid, acltype="domain", **common)
    )["network"]
    assert (made["state"], made["acltype"], made["vlan"], made["broadcasturi"]) == (
        "Setup",
        "Domain",
        "700",
        "vlan://700",
    )
    assert made["domainid"] == sales.uuid
    assert "account" not in made
    only = RANGE | {"gateway": "10.8.0.1", "startip": "10.8.0.10", "endip": "10.8.0.10"}
    await api.admin.call(
        "createNetwork", name="top", vlan=701, domainid=sales.uuid, acltype="domain", subdomainaccess=False,
        zoneid=here.zone_id, networkofferingid=shared, **only,
    )  # fmt: skip
    await api.admin.call("updateConfiguration", name="allow.subdomain.network.access", value="false")
    more = RANGE | {"gateway": "10.7.0.1", "startip": "10.7.0.10", "endip": "10.7.0.10"}
    await api.admin.call(
        "createNetwork", name="unsaid", vlan=703, domainid=sales.uuid, acltype="domain", zoneid=here.zone_id,
        networkofferingid=shared, **more,
    )  # fmt: skip
    for who, names in ((amy, ["all", "top", "unsaid"]), (ann, ["all"]), (bob, [])):
        found = await who.call("listNetworks")
        assert [n["name"] for n in found.get("network", [])] == names
    assert (await amy.call("listNetworks", id=made["id"]))["count"] == 1
    assert await bob.call("listNetworks", id=made["id"]) == {}
    assert await amy.call("listNetworks", networkfilter="account") == {}
    ranges = await api.admin.call("listVlanIpRanges", networkid=made["id"])
    assert [(r["startip"], r["endip"], r["forvirtualnetwork"]) for r in ranges["vlaniprange"]] == [
        ("10.9.0.10", "10.9.0.20", False)
    ]
    await refused(amy.job("deleteNetwork", id=made["id"]), 531, "does not have permission to operate")
    await refused(
        amy.call("createNetwork", name="x", vlan=702, **common), 531, "Only root admins can create networks of type"
    )


async def test_a_zone_with_security_groups_has_a_shared_network(api: Api) -> None:
    here = await site(api, security_groups=True)
    grouped = await offering(api, GROUPED)
    made = (
        await api.admin.call(
            "createNetwork", zoneid=here.zone_id, networkofferingid=grouped, name="guests", vlan="untagged", **RANGE
        )
    )["network"]
    assert (made["state"], made["broadcasturi"], made["acltype"]) == ("Setup", "vlan://untagged", "Domain")
    assert "SecurityGroup" in {s["name"] for s in made["service"]}
    await refused(isolated(api.admin, here, "nat"), 431, "not supported in a zone with security groups")


async def test_an_l2_network_has_no_addresses(api: Api) -> None:
    here, joe = await site(api), await api.user("joe")
    plain = await offering_of(joe, "DefaultL2NetworkOffering")
    made = (await joe.call("createNetwork", zoneid=here.zone_id, networkofferingid=plain, name="wire"))["network"]
    assert (made["type"], made["state"]) == ("L2", "Allocated")
    assert "cidr" not in made
    await refused(
        joe.call("createNetwork", zoneid=here.zone_id, networkofferingid=plain, name="w", gateway="10.0.0.1"),
        431,
        "L2 networks have no gateway",
    )


async def test_wrong_networks_are_refused(api: Api) -> None:
    here, joe = await site(api), await api.user("joe")
    nat, shared = await offering(api, NAT), await offering(api, SHARED)
    for who, parameters, code, text in (
        (joe, {"networkofferingid": nat, "gateway": "10.0.0.1"}, 431, "must be specified together"),
        (joe, {"networkofferingid": nat, "gateway": "ten", "netmask": "255.0.0.0"}, 431, "Invalid parameter gateway"),
        (joe, {"networkofferingid": nat, "startip": "10.1.1.5"}, 431, "are for Shared networks"),
        (joe, {"networkofferingid": nat, "acltype": "Domain"}, 431, "AclType should be Account"),
        (joe, {"networkofferingid": nat, "networkdomain": "-bad"}, 431, "Invalid parameter networkdomain"),
        (joe, {"networkofferingid": nat, "dns1": "one"}, 431, "Invalid parameter dns1"),
        (api.admin, {"networkofferingid": nat, "vlan": 5}, 431, "specifyVlan=false"),
        (api.admin, {"networkofferingid": shared} | RANGE, 431, "needs a VLAN"),
        (api.admin, {"networkofferingid": shared, "vlan": 9}, 431, "are required when creating"),
        (api.admin, {"networkofferingid": shared, "vlan": 9} | RANGE | {"endip": "10.9.1.1"}, 431, "not in the subnet"),
    ):
        await refused(who.call("createNetwork", zoneid=here.zone_id, name="x", **parameters), code, text)
    await api.admin.call("createNetwork", zoneid=here.zone_id, name="a", networkofferingid=shared, vlan=9, **RANGE)
    again = RANGE | {"gateway": "10.7.0.1", "startip": "10.7.0.2", "endip": "10.7.0.9"}
    taken = {"zoneid": here.zone_id, "networkofferingid": shared, "vlan": 9}
    await refused(api.admin.call("createNetwork", name="b", **taken, **again), 431, "The VLAN 9 is in use")
    await api.admin.call("createNetwork", name="b", bypassvlanoverlapcheck=True, **taken, **again)


async def test_accounts_see_and_touch_their_own_networks(api: Api) -> None:
    here = await site(api)
    sales = await api.domain("sales")
    boss, amy, bob = await api.user("boss", sales, DOMAIN_ADMIN), await api.user("amy", sales), await api.user("bob")
    mine = await isolated(amy, here, "amys")
    await isolated(boss, here, "given", account="amy", domainid=sales.uuid)
    await refused(isolated(amy, here, "x", account="bob", domainid="1"), 531, "permission denied")
    assert (await amy.call("listNetworks"))["count"] == 2
    assert await bob.call("listNetworks", listall=True) == {}
    assert await boss.call("listNetworks") == {}
    assert (await boss.call("listNetworks", listall=True))["count"] == 2
    assert (await api.admin.call("listNetworks", listall=True, retrieveonlyresourcecount=True)) == {"count": 2}
    assert (await api.admin.call("listNetworks", domainid=sales.uuid, account="amy"))["count"] == 2
    assert await bob.call("listNetworks", id=mine["id"]) == {}
    await refused(bob.job("deleteNetwork", id=mine["id"]), 531, "does not have permission to operate")
    changed = await amy.job("updateNetwork", id=mine["id"], name="renamed", displaytext="Renamed", dns1="192.0.2.7")
    assert (changed["network"]["name"], changed["network"]["dns1"]) == ("renamed", "192.0.2.7")
    assert await boss.job("deleteNetwork", id=mine["id"])
    assert [n["name"] for n in (await amy.call("listNetworks"))["network"]] == ["given"]
    await refused(amy.job("deleteNetwork", id=mine["id"]), 431, "Unable to find a guest network")
    assert await amy.call("listNetworks", id=mine["id"]) == {}


async def test_the_networks_limit_holds_for_many_at_once(api: Api) -> None:
    here, joe = await site(api), await api.user("joe")

    tries = (isolated(joe, here, f"n{i}") for i in range(25))
    done = await asyncio.gather(*tries, return_exceptions=True)
    made = [network for network in done if isinstance(network, dict)]
    assert len(made) == 20, "max.account.networks"
    errors = [error for error in done if isinstance(error, ClientError)]
    assert [error.errorcode for error in errors] == [535] * 5
    assert "Type = 'network'" in errors[0].text
    assert (await joe.call("listNetworks"))["count"] == 20
    await joe.job("deleteNetwork", id=made[0]["id"])
    assert await isolated(joe, here, "another")


async def test_the_zone_has_networks_of_its_own(api: Api) -> None:
    here, joe = await site(api), await api.user("joe")
    found = await api.admin.call("listNetworks", issystem=True, zoneid=here.zone_id)
    assert [(n["traffictype"], n["state"]) for n in found["network"]] == [
        ("Public", "Setup"),
        ("Management", "Setup"),
        ("Control", "Setup"),
        ("Storage", "Setup"),
    ]
    assert await joe.call("listNetworks", issystem=True) == {}
    with pytest.raises(ClientError, match="give one of account"):
        await joe.call("listNetworks", networkfilter="mine")


async def test_the_addresses_of_a_large_network_are_read_once(api: Api) -> None:
    here, cloud = await site(api), api.cloud
    wide = {"gateway": "10.9.0.1", "netmask": "255.255.0.0", "startip": "10.9.0.2", "endip": "10.9.250.250"}
    shared = {"zoneid": here.zone_id, "networkofferingid": await offering(api, SHARED)}
    made = (await api.admin.call("createNetwork", name="wide", vlan=700, **shared, **wide))["network"]
    (network,) = await cloud.store.rows(BY_UUID, made["id"])
    taken = [str(IPv4Address("10.9.0.2") + number) for number in range(12_000)]
    for start in range(0, len(taken), 1000):
        txn = TxnSpec("test.nics")
        for ip in taken[start : start + 1000]:
            txn.put(INSERT_NIC, blank(cloud, NicRow, network_id=network.id, ip=ip))
        await cloud.store.submit(txn)

    def reads() -> float:
        return cloud.store.counters().get("statement:nic.addresses_after", 0)

    addresses = cloud.part(GuestAddresses)
    both = await asyncio.gather(addresses.take(network), addresses.take(network))
    assert both == ["10.9.46.226", "10.9.46.227"], "the first behind those that are taken"
    assert reads() == 3, "three pages, the last of them not full"
    await api.admin.call(
        "createVlanIpRange", networkid=made["id"], **wide | {"startip": "10.9.251.1", "endip": "10.9.251.9"}
    )
    assert await addresses.take(network, "10.9.251.5") == "10.9.251.5"
    with pytest.raises(ParameterError, match="already in use"):
        await addresses.take(network, taken[7])
    addresses.give_back(network.id, taken[7])
    assert await addresses.take(network, taken[7]) == taken[7]
    assert reads() == 3, "what is known stays known, also when ranges change"
