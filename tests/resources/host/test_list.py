"""Hosts as the API lists them."""

from __future__ import annotations

from tests.ground import Ground
from tests.refusal import refused

from lakh.resources.host.row import RESERVE
from lakh.store.statement import TxnSpec


async def test_a_host_with_all_it_has(ground: Ground) -> None:
    row = await ground.join(cpus=16, memory_gib=64)
    txn = TxnSpec("test.reserve").add(RESERVE, row.id, 2000, 2, 16 << 30, 0)
    await ground.api.cloud.store.submit(txn)
    host = (await ground.api.admin.call("listHosts", id=row.uuid))["host"][0]
    assert (host["name"], host["type"], host["state"], host["resourcestate"]) == ("kvm-1", "Routing", "Up", "Enabled")
    assert (host["zonename"], host["podname"], host["clustername"]) == ("zone1", "pod1", "cluster1")
    assert (host["hypervisor"], host["ipaddress"], host["cpunumber"], host["cpuspeed"]) == ("KVM", "10.1.1.1", 16, 2000)
    assert (host["cpuallocated"], host["cpuallocatedvalue"], host["cpuwithoverprovisioning"]) == (
        "6.25%",
        2000,
        "32000",
    )
    assert (host["memorytotal"], host["memoryallocated"], host["memoryallocatedpercentage"]) == (
        64 << 30,
        16 << 30,
        "25%",
    )
    assert host["details"]["Host.OS"] == "Debian"
    assert "AgentDisconnected" in host["events"]
    assert (host["hahost"], host["outofbandmanagement"]["powerstate"], host["hostha"]["haenable"]) == (
        False,
        "Disabled",
        False,
    )
    assert "removed" not in host


async def test_filters(ground: Ground) -> None:
    admin = ground.api.admin
    first = await ground.join()
    second_cluster = await ground.add_cluster("second")
    second = await ground.join(second_cluster)

    async def names(**parameters: object) -> list[str]:
        return [h["name"] for h in (await admin.call("listHosts", **parameters)).get("host", [])]

    assert await names() == ["kvm-1", "kvm-2"]
    assert await names(type="routing", state="up", hypervisor="kvm") == ["kvm-1", "kvm-2"]
    assert await names(type="ConsoleProxy") == []
    assert await names(clusterid=second_cluster["id"]) == ["kvm-2"]
    assert await names(podid=ground.pod["id"], zoneid=ground.zone["id"], page=2, pagesize=1) == ["kvm-2"]
    assert await names(name="kvm-1") == ["kvm-1"]
    assert await names(keyword="KVM-2") == ["kvm-2"]
    assert await names(state="Down") == []
    assert await names(resourcestate="Maintenance") == []
    assert await names(version="4.23.0.0", arch="x86_64") == ["kvm-1", "kvm-2"]
    assert await names(version="1.0") == []
    assert await names(outofbandmanagementenabled=True) == []
    assert await names(hahost=True) == []
    assert await names(hahost=False) == ["kvm-1", "kvm-2"]
    servers = (await admin.call("listHosts", id=first.uuid))["host"][0]
    assert second.id != first.id
    assert await names(managementserverid=servers.get("managementserverid")) == ["kvm-1", "kvm-2"]
    counted = await admin.call("listHosts", page=1, pagesize=1)
    assert counted["count"] == 2


async def test_levels_of_detail(ground: Ground) -> None:
    admin = ground.api.admin
    await ground.join()
    small = (await admin.call("listHosts", details="min"))["host"][0]
    assert not {"cpuallocated", "memoryallocated", "events"} & small.keys()
    assert small["name"] == "kvm-1"
    some = (await admin.call("listHosts", details="capacity,core"))["host"][0]
    assert some["cpuallocated"] == "0%"
    assert "events" not in some
    assert "events" in (await admin.call("listHosts", details="events"))["host"][0]
    await refused(admin.call("listHosts", details="capacity,colour"), 431, "non permitted value: colour")
    ann = await ground.api.user("ann")
    await refused(ann.call("listHosts"), 432, "not available for the account")
