"""Virtual routers through the API and on the hosts: made with the first Instance, told of each, moved, ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.refusal import refused
from tests.routed import Routed

from lakh.contract.client import ClientError
from lakh.healing.routers import Routers
from lakh.jobs.row import PENDING_JOBS
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import HostIndex
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.physical_network.row import GuestVlanRow
from lakh.store.statement import select, statement

VLANS = select("test.vlans", GuestVlanRow, "ORDER BY id")
ADDRESSES = select("test.addresses", IpAddressRow, "WHERE removed_ms IS NULL ORDER BY id")
JOBS = statement("test.jobs", "SELECT COUNT(*) FROM async_job WHERE command = $1")
SHARED = {"gateway": "10.9.0.1", "netmask": "255.255.255.0", "startip": "10.9.0.10", "endip": "10.9.0.99"}


@pytest.fixture
async def routed() -> AsyncIterator[Routed]:
    running = await Routed.start()
    yield running
    await running.stop()


async def count(routed: Routed, command: str) -> int:
    return int((await routed.api.cloud.store.read(JOBS, command))[0][0])


async def test_the_first_instance_implements_its_network(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    vm = await routed.deploy(joe, front, name="web", userdata="aGVsbG8=")
    shown = (await routed.api.admin.call("listNetworks", id=front["id"]))["network"][0]
    assert shown["state"] == "Implemented"
    assert 100 <= int(shown["vlan"]) <= 199
    router = await routed.router_of(front)
    assert (router["state"], router["account"], router["guestipaddress"]) == ("Running", "joe", "10.1.1.1")
    assert router["linklocalip"].startswith("169.254.")
    assert router["linklocalmacaddress"].startswith("0e:00:a9:fe:")
    assert router["publicip"].startswith("192.0.2.")
    assert (router["version"], router["requiresupgrade"]) == ("4.23.0", False)
    assert [nic["traffictype"] for nic in router["nic"]] == ["Guest", "Control", "Public"]

    model = routed.model(router)
    assert model.addresses == {router["publicip"]: True}, "source NAT"
    assert list(model.rules["firewall"]), "the default for traffic out"
    (lease,) = model.leases()
    assert (lease.ip, lease.mac, lease.is_default) == (vm["nic"][0]["ipaddress"], vm["nic"][0]["macaddress"], True)
    assert (lease.has_dhcp, lease.data_files) == (True, 11)
    (address,) = await routed.api.cloud.store.rows(ADDRESSES)
    assert (address.address, address.is_source_nat, address.network_id is None) == (router["publicip"], True, False)
    await routed.world.check()


async def test_a_start_is_one_request_in_the_stated_order(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    await routed.deploy(joe, await routed.network(joe, "front"))
    names = [name for _, name in routed.world.hosts.said]
    first = names.index("StartCommand")
    assert names[first : first + 8] == [
        "StartCommand",
        "CheckSshCommand",
        "GetDomRVersionCmd",
        "NetworkUsageCommand",
        "AggregationControlCommand",
        "IpAssocCommand",
        "SetFirewallRulesCommand",
        "AggregationControlCommand",
    ]
    rest = [n for n in names[first + 8 :] if n not in ("CopyCommand",)]
    assert rest == [
        "AggregationControlCommand",
        "IpAssocCommand",
        "SetFirewallRulesCommand",
        "AggregationControlCommand",
        "DhcpEntryCommand",
        "VmDataCommand",
        "StartCommand",
    ]


async def test_many_first_instances_share_one_implementation(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    made = await asyncio.gather(*(routed.deploy(joe, front) for _ in range(12)))
    assert len({vm["nic"][0]["ipaddress"] for vm in made}) == 12
    assert await count(routed, "implementNetwork") == 1
    assert await count(routed, "launchRouter") == 1
    router = await routed.router_of(front)
    assert len(list(routed.model(router).leases())) == 12
    assert len(await routed.api.cloud.store.rows(VLANS)) == 1
    await routed.world.check()


async def test_networks_get_vlans_and_addresses_of_their_own(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    networks = [await routed.network(joe, f"n{i}") for i in range(5)]
    await asyncio.gather(*(routed.deploy(joe, network) for network in networks))
    vlans = await routed.api.cloud.store.rows(VLANS)
    assert len({v.vlan for v in vlans}) == 5
    addresses = await routed.api.cloud.store.rows(ADDRESSES)
    assert len({a.address for a in addresses}) == 5
    routers = (await joe_routers(routed))["router"]
    assert len({r["linklocalip"] for r in routers}) == 5
    await routed.world.check()


async def joe_routers(routed: Routed) -> dict[str, list[dict[str, str]]]:
    found = await routed.api.admin.call("listRouters", listall=True, state="running")
    return {"router": list(found["router"])}


async def test_a_network_without_a_free_vlan_is_not_implemented() -> None:
    routed = await Routed.start(vlan="100")
    joe = await routed.api.user("joe")
    await routed.deploy(joe, await routed.network(joe, "first"))
    second = await routed.network(joe, "second")
    with pytest.raises(ClientError) as full:
        await routed.deploy(joe, second)
    assert (full.value.errorcode, "Unable to allocate a VLAN" in full.value.text) == (533, True)
    shown = (await routed.api.admin.call("listNetworks", id=second["id"]))["network"][0]
    assert shown["state"] == "Allocated"
    assert len(await routed.api.cloud.store.rows(ADDRESSES)) == 1
    await routed.stop()


async def test_a_router_that_cannot_start_leaves_nothing(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    routed.world.hosts.refuse = lambda _, command: "no" if command.name == "IpAssocCommand" else ""
    with pytest.raises(ClientError):
        await routed.deploy(joe, front)
    shown = (await routed.api.admin.call("listNetworks", id=front["id"]))["network"][0]
    assert shown["state"] == "Allocated"
    assert await routed.api.cloud.store.rows(VLANS) == []
    assert await routed.api.cloud.store.rows(ADDRESSES) == []
    assert await routed.api.admin.call("listRouters", listall=True) == {}
    await routed.world.check()
    routed.world.hosts.refuse = lambda _host, _command: ""
    assert (await routed.deploy(joe, front))["state"] == "Running"
    await routed.world.check()


async def test_a_router_that_refuses_a_guest_fails_that_guest_alone(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)

    def refuse(_: int, command: object) -> str:
        return "disk full" if "bad" in str(getattr(command, "body", {}).get("vmName")) else ""

    routed.world.hosts.refuse = refuse
    done = await asyncio.gather(
        *(routed.deploy(joe, front, name=name) for name in ("one", "bad", "two", "three")), return_exceptions=True
    )
    assert [isinstance(one, ClientError) for one in done] == [False, True, False, False]
    error = done[1]
    assert isinstance(error, ClientError)
    assert error.errorcode == 534


async def test_a_stopped_router_starts_with_the_next_instance_and_knows_all(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    router = await routed.router_of(front)
    stopped = await routed.api.admin.job("stopRouter", id=router["id"])
    assert (stopped["router"]["state"], "hostid" in stopped["router"]) == ("Stopped", False)
    await routed.world.check()
    await routed.deploy(joe, front)
    again = await routed.router_of(front)
    assert (again["id"], again["state"], again["linklocalip"]) == (router["id"], "Running", router["linklocalip"])
    assert len(list(routed.model(again).leases())) == 2, "the first Instance's lease was told again"
    rebooted = await routed.api.admin.job("rebootRouter", id=router["id"])
    assert rebooted["router"]["state"] == "Running"
    assert len(list(routed.model(again).leases())) == 2
    await routed.world.check()


async def test_a_destroyed_router_is_replaced(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    first = await routed.router_of(front)
    await routed.api.admin.job("destroyRouter", id=first["id"])
    assert await routed.api.admin.call("listRouters", listall=True) == {}
    await refused(routed.api.admin.job("startRouter", id=first["id"]), 431, "Unable to find router")
    await routed.deploy(joe, front)
    second = await routed.router_of(front)
    assert (second["id"] != first["id"], second["publicip"]) == (True, first["publicip"])
    assert len(list(routed.model(second).leases())) == 2
    await routed.world.check()


async def test_a_restart_with_cleanup_brings_a_new_router(routed: Routed) -> None:
    joe, ann = await routed.api.user("joe"), await routed.api.user("ann")
    front = await routed.network(joe, "front")
    await refused(joe.job("restartNetwork", id=front["id"]), 431, "not in the right state")
    await routed.deploy(joe, front)
    first = await routed.router_of(front)
    await refused(ann.job("restartNetwork", id=front["id"]), 531, "does not have permission")
    await joe.job("updateNetwork", id=front["id"], dns1="192.0.2.77")
    assert (await joe.call("listNetworks", restartrequired=True))["count"] == 1
    assert await joe.job("restartNetwork", id=front["id"], cleanup=True)
    second = await routed.router_of(front)
    assert second["id"] != first["id"]
    assert len(list(routed.model(second).leases())) == 1
    assert await joe.call("listNetworks", restartrequired=True) == {}
    assert await joe.job("restartNetwork", id=front["id"])
    assert (await routed.router_of(front))["id"] == second["id"]
    await routed.world.check()


async def test_a_deleted_network_gives_all_back(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    vm = await routed.deploy(joe, front)
    await refused(joe.job("deleteNetwork", id=front["id"]), 530, "not all user vms are expunged")
    router = await routed.router_of(front)
    assert len(list(routed.model(router).leases())) == 1
    await routed.api.admin.job("destroyVirtualMachine", id=vm["id"], expunge=True)
    assert list(routed.model(router).leases()) == [], "expunging takes the lease off the router"
    await joe.job("deleteNetwork", id=front["id"])
    assert await routed.api.cloud.store.rows(VLANS) == []
    assert await routed.api.cloud.store.rows(ADDRESSES) == []
    assert await routed.api.admin.call("listRouters", listall=True) == {}
    assert await joe.call("listNetworks", networkfilter="account") == {}
    await routed.world.check()


async def test_a_shared_network_has_a_router_that_only_serves_addresses(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    shared = await routed.network(routed.api.admin, "all", "DefaultSharedNetworkOffering", vlan=777, **SHARED)
    vm = await routed.deploy(joe, shared)
    router = await routed.router_of(shared)
    assert (router["state"], "publicip" in router) == ("Running", False)
    assert router["guestipaddress"] != "10.9.0.1"
    assert router["guestipaddress"] != vm["nic"][0]["ipaddress"]
    assert [lease.ip for lease in routed.model(router).leases()] == [vm["nic"][0]["ipaddress"]]
    assert (await routed.api.admin.call("listNetworks", id=shared["id"]))["network"][0]["state"] == "Setup"
    await routed.world.check()


async def test_routers_are_listed_for_admins_of_their_owner(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    router = await routed.router_of(front)
    with pytest.raises(ClientError, match="not available for the account joe"):
        await joe.call("listRouters")
    for parameters, found in (
        ({"name": router["name"]}, 1),
        ({"state": "Stopped"}, 0),
        ({"hostid": router["hostid"]}, 1),
        ({"podid": router["podid"]}, 1),
        ({"keyword": router["name"][:3]}, 1),
        ({"zoneid": router["zoneid"], "arch": "aarch64"}, 0),
    ):
        got = await routed.api.admin.call("listRouters", listall=True, **parameters)
        assert got.get("count", 0) == found, parameters
    assert await routed.api.admin.call("listRouters") == {}, "of root's own there is none"


async def test_a_lost_host_moves_its_routers(routed: Routed) -> None:
    joe, cloud = await routed.api.user("joe"), routed.api.cloud
    front, idle = await routed.network(joe, "front"), await routed.network(joe, "idle")
    await routed.deploy(joe, front)
    sleeper = await routed.deploy(joe, idle)
    router = await routed.router_of(front)
    await joe.job("stopVirtualMachine", id=sleeper["id"])
    await routed.api.admin.job("stopRouter", id=(await routed.router_of(idle))["id"])
    lost = cloud.part(HostIndex).by_uuid[router["hostid"]]
    routed.world.hosts.away.add(lost)
    cloud.part(HostIndex).set_connected(lost, False)
    await set_status(cloud, lost, "Down", reason="test")
    routed.world.hosts.hosts[lost].hypervisor.stop(router["name"])
    healer = Routers()
    for _ in range(3):
        await healer.run(cloud)
        while jobs := await cloud.store.rows(PENDING_JOBS, 0):
            for job in jobs:
                await cloud.worker.wait(job.uuid)
    moved = await routed.router_of(front)
    assert (moved["id"], moved["state"]) == (router["id"], "Running")
    assert moved["hostid"] != router["hostid"]
    assert len(list(routed.model(moved).leases())) == 1, "what it knew was told again"
    assert (await routed.router_of(idle))["state"] == "Stopped", "nobody needs that one"


async def test_an_account_goes_with_its_instance_network_and_router(routed: Routed) -> None:
    joe = await routed.api.user("joe")
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    assert (await routed.api.admin.job("deleteAccount", id=joe.account.uuid))["success"] is True
    for command in ("listVirtualMachines", "listRouters", "listVolumes"):
        assert await routed.api.admin.call(command, listall=True) == {}, command
    assert await routed.api.admin.call("listNetworks", listall=True, type="Isolated") == {}
    assert not [a for a in await routed.api.cloud.store.rows(ADDRESSES) if a.account_id == joe.account.id]
    await routed.world.check()


async def test_maintenance_of_their_pool_stops_routers_too(routed: Routed) -> None:
    joe, admin = await routed.api.user("joe"), routed.api.admin
    front = await routed.network(joe, "front")
    await routed.deploy(joe, front)
    pool = (await admin.call("listStoragePools"))["storagepool"][0]["id"]
    assert (await admin.job("enableStorageMaintenance", id=pool))["storagepool"]["state"] == "Maintenance"
    assert (await routed.router_of(front))["state"] == "Stopped"
    assert routed.world.running() == {}
