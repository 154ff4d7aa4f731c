"""The metrics lists: the plain lists' parameters, filters and fields, and figures that follow what is allocated."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ground import Ground
from tests.refusal import refused
from tests.resources.vm.conftest import Stage, stage
from tests.world import GIB

import lakh.http.commands
from lakh.contract.declaration import COMMANDS
from lakh.resources.held import Held
from lakh.resources.host.row import RELEASE, RESERVE
from lakh.resources.management_server.row import INSERT, ManagementServerRow
from lakh.store.statement import TxnSpec

__all__ = ["stage"]

lakh.http.commands.load()
PLAIN = {
    "listClustersMetrics": "listClusters",
    "listHostsMetrics": "listHosts",
    "listManagementServersMetrics": "listManagementServers",
    "listStoragePoolsMetrics": "listStoragePools",
    "listVirtualMachinesMetrics": "listVirtualMachines",
    "listVolumesMetrics": "listVolumes",
    "listZonesMetrics": "listZones",
}
CPU, MEMORY = "cluster.cpu.allocated.capacity", "cluster.memory.allocated.capacity"
EXCEEDED = (
    "cpuallocatedthreshold", "cpuallocateddisablethreshold", "memoryallocatedthreshold",
    "memoryallocateddisablethreshold",
)  # fmt: skip


@pytest.mark.parametrize("command", sorted(PLAIN))
def test_parameters_are_those_of_the_plain_list(command: str) -> None:
    metrics, plain = COMMANDS[command].params, COMMANDS[PLAIN[command]].params
    assert set(metrics) - set(plain) == ({"system"} if command == "listManagementServersMetrics" else set())
    assert plain.keys() <= metrics.keys()
    assert [name for name in plain if metrics[name] is not plain[name]] == (
        ["clusterid"] if command == "listVirtualMachinesMetrics" else []
    )


async def figures(ground: Ground, noun: str, key: str, shown: str = "name", **asked: Any) -> dict[str, dict[str, Any]]:
    """The metrics of a list by name, after each was found to say what the plain list says, and counted the same."""
    plain = await ground.api.admin.call(f"list{noun}", **asked)
    metrics = await ground.api.admin.call(f"list{noun}Metrics", **asked)
    assert metrics.get("count") == plain.get("count"), (noun, asked)
    for one, more in zip(plain.get(key, []), metrics.get(key, []), strict=True):
        assert one.items() <= more.items(), (noun, asked)
    return {one[shown]: one for one in metrics.get(key, [])}


async def test_hosts_and_the_places_they_are_in(ground: Ground) -> None:
    cloud = ground.api.cloud
    first = await ground.join(cpus=16, memory_gib=64)
    second = await ground.join(await ground.add_cluster("second"), cpus=4, memory_gib=8)
    await ground.add_cluster("empty")
    await cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, first.id, 25_000, 10, 58 * GIB, 0))
    await cloud.part(Held).load()

    hosts = await figures(ground, "Hosts", "host")
    assert (hosts["kvm-1"]["cputotalghz"], hosts["kvm-1"]["cpuallocatedghz"]) == ("32.00 Ghz", "25.00 Ghz")
    assert (hosts["kvm-1"]["memorytotalgb"], hosts["kvm-1"]["memoryallocatedgb"]) == ("64.00 GB", "58.00 GB")
    assert (hosts["kvm-1"]["instances"], hosts["kvm-1"]["powerstate"]) == ("0 / 0", "Disabled")
    assert [hosts["kvm-1"][field] for field in EXCEEDED] == [True, False, True, True]
    assert (hosts["kvm-2"]["cpuallocatedghz"], hosts["kvm-2"]["memorytotalgb"]) == ("0.00 Ghz", "8.00 GB")
    assert not any(hosts["kvm-2"][field] for field in EXCEEDED)

    clusters = await figures(ground, "Clusters", "cluster")
    assert (clusters["cluster1"]["hosts"], clusters["cluster1"]["state"]) == ("1 / 1", "Enabled")
    assert (clusters["cluster1"]["cputotal"], clusters["cluster1"]["cpuallocated"]) == ("32.00 Ghz", "78.12%")
    assert (clusters["cluster1"]["memorytotal"], clusters["cluster1"]["memoryallocated"]) == ("64.00 GB", "90.62%")
    assert [clusters["cluster1"][field] for field in EXCEEDED] == [True, False, True, True]
    assert (clusters["empty"]["hosts"], clusters["empty"]["cputotal"]) == ("0 / 0", "0.00 Ghz")
    assert "cpuallocated" not in clusters["empty"]

    (zone,) = (await figures(ground, "Zones", "zone")).values()
    assert (zone["clusters"], zone["cputotal"], zone["cpuallocated"]) == ("3 / 3", "40.00 Ghz", "62.50%")
    assert (zone["memorytotal"], zone["memoryallocated"]) == ("72.00 GB", "80.56%")
    assert [zone[field] for field in EXCEEDED] == [False, False, True, False]

    await cloud.store.submit(TxnSpec("test.release").add(RELEASE, first.id, 25_000, 10, 58 * GIB))
    (zone,) = (await figures(ground, "Zones", "zone")).values()
    assert (zone["cpuallocated"], zone["memoryallocated"]) == ("0.00%", "0.00%")
    await ground.api.admin.call("updateHost", id=second.uuid, allocationstate="Disable")
    await ground.api.admin.call("updateCluster", id=ground.cluster["id"], managedstate="Unmanaged")
    (zone,) = (await figures(ground, "Zones", "zone")).values()
    assert (zone["clusters"], zone["cputotal"]) == ("2 / 3", "32.00 Ghz")
    assert (await figures(ground, "Clusters", "cluster"))["cluster1"]["state"] == "Unmanaged"


async def test_thresholds_follow_the_settings_of_their_cluster(ground: Ground) -> None:
    admin = ground.api.admin
    host = await ground.join(cpus=16, memory_gib=64)
    reserved = TxnSpec("test.reserve").add(RESERVE, host.id, 8_000, 4, 16 * GIB, 0)  # a quarter of either
    await ground.api.cloud.store.submit(reserved)

    async def exceeded() -> list[list[bool]]:
        lists = (("Hosts", "host"), ("Clusters", "cluster"), ("Zones", "zone"))
        return [[one[f] for f in EXCEEDED] for n, k in lists for one in (await figures(ground, n, k)).values()]

    assert await exceeded() == [[False] * 4] * 3
    for name in (f"{CPU}.notificationthreshold", f"{MEMORY}.disablethreshold"):
        await admin.call("updateConfiguration", name=name, value="0.2", clusterid=ground.cluster["id"])
    assert await exceeded() == [[True, False, False, True]] * 2 + [[False] * 4]
    await admin.call("updateConfiguration", name=f"{CPU}.notificationthreshold", value="0.25")
    await admin.call("updateConfiguration", name=f"{MEMORY}.notificationthreshold", value="0.24")
    assert (await exceeded())[2] == [False, False, True, False]


async def test_filters_and_pages_are_those_of_the_plain_lists(ground: Ground) -> None:
    await ground.join()
    other = await ground.add_cluster("second")
    await ground.join(other)
    await ground.join(other)
    await ground.add_pool()
    for asked in (
        {"clusterid": other["id"]}, {"keyword": "VM-2"}, {"page": 2, "pagesize": 1}, {"name": "kvm-3"},
        {"details": "min"}, {"state": "Down"}, {"hahost": True},
    ):  # fmt: skip
        await figures(ground, "Hosts", "host", **asked)
    assert set(await figures(ground, "Hosts", "host", clusterid=other["id"])) == {"kvm-2", "kvm-3"}
    small = (await figures(ground, "Hosts", "host", details="min", name="kvm-1"))["kvm-1"]
    assert "cpuallocatedghz" not in small
    assert small["cputotalghz"] == "32.00 Ghz"
    for asked in ({"name": "second"}, {"keyword": "cluster"}, {"page": 1, "pagesize": 1}, {"showcapacities": True}):
        await figures(ground, "Clusters", "cluster", **asked)
    await figures(ground, "Zones", "zone", showcapacities=True)
    await figures(ground, "StoragePools", "storagepool", scope="host")
    await refused(ground.api.admin.call("listHostsMetrics", details="colour"), 431, "non permitted value")
    tenant = await ground.api.user("alice")
    await refused(tenant.call("listHostsMetrics"), 432, "")
    await refused(tenant.call("listZonesMetrics"), 432, "")


async def test_instances_on_hosts_while_columns_load_and_after(stage: Stage) -> None:
    made = [await stage.deploy() for _ in range(5)]
    await stage.job(stage.admin, "stopVirtualMachine", id=made[0]["id"])
    await stage.job(stage.admin, "destroyVirtualMachine", id=made[1]["id"])
    running = [vm["hostname"] for vm in made[2:]]
    for _ in ("statement", "columns"):
        hosts = (await stage.admin.call("listHostsMetrics", type="Routing"))["host"]
        wanted = {h["name"]: f"{running.count(h['name'])} / {running.count(h['name'])}" for h in hosts}
        assert {h["name"]: h["instances"] for h in hosts} == wanted
        await stage.api.cloud.part(Held).load()


async def test_pools_and_volumes(stage: Stage) -> None:
    admin = stage.admin
    vm = await stage.deploy()
    (pool,) = (await admin.call("listStoragePoolsMetrics"))["storagepool"]
    gib = 1 << 30
    assert pool["disksizetotalgb"] == f"{pool['disksizetotal'] / gib:.2f} GB (x{pool['overprovisionfactor']})"
    assert pool["disksizeallocatedgb"] == f"{pool['disksizeallocated'] / gib:.2f} GB"
    free = pool["disksizetotal"] * float(pool["overprovisionfactor"]) - pool["disksizeallocated"]
    assert pool["disksizeunallocatedgb"] == f"{free / gib:.2f} GB"
    fields = [f"storage{kind}{level}threshold" for kind in ("usage", "allocated") for level in ("", "disable")]
    assert not any(pool[field] for field in fields)
    await admin.call("updateConfiguration", name="cluster.storage.allocated.capacity.notificationthreshold", value="0")
    (pool,) = (await admin.call("listStoragePoolsMetrics"))["storagepool"]
    assert [pool[field] for field in fields] == [False, False, True, False]

    (volume,) = (await admin.call("listVolumesMetrics", virtualmachineid=vm["id"]))["volume"]
    (plain,) = (await admin.call("listVolumes", virtualmachineid=vm["id"]))["volume"]
    assert volume["sizegb"] == f"{plain['size'] / gib:.2f} GiB"
    assert volume["storagetype"] == "Shared (ROOT)"
    assert {k: v for k, v in volume.items() if k not in ("sizegb", "storagetype")}.items() <= plain.items()
    assert await admin.call("listVolumesMetrics", type="DATADISK") == {}
    counted = await admin.call("listVolumesMetrics", retrieveonlyresourcecount=True)
    assert counted == {"count": 1}


async def test_a_server_tells_of_itself_and_its_machine(ground: Ground) -> None:
    cloud, admin = ground.api.cloud, ground.api.admin
    await ground.join()
    for server_id, name in ((cloud.server_id, "one"), (cloud.server_id + 1, "two")):
        row = ManagementServerRow(server_id, cloud.uuid(), name, 7, "Up", "1.0", 1, cloud.now_ms(), cloud.now_ms())
        await cloud.store.submit(TxnSpec("test.server").put(INSERT, row))
    servers = await figures(ground, "ManagementServers", "managementserver")
    own, other = servers["one"], servers["two"]
    assert (own["agentcount"], own["usageislocal"], own["dbislocal"]) == (1, False, True)
    assert own["heapmemoryused"] > 10 << 20
    assert own["availableprocessors"] >= 1
    assert len(own["systemloadaverages"]) == 3
    assert float(own["systemmemoryfree"].split()[0]) < float(own["systemmemorytotal"].split()[0])
    assert not {"agentcount", "heapmemoryused"} & other.keys()
    (small,) = (await admin.call("listManagementServersMetrics", name="one", system=False))["managementserver"]
    assert "systemmemorytotal" not in small
    assert small["threadstotalcount"] >= 1
