"""What operators do with hosts, told over HTTP."""

from __future__ import annotations

from typing import Any

from tests.blank import blank
from tests.ground import Ground
from tests.refusal import refused

from lakh.base.clock import api_date
from lakh.placement.plan import Plan, place
from lakh.placement.request import Request
from lakh.resources.host.connect import set_status
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITY, RESERVE, HostRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.vm.row import INSERT as INSERT_VM
from lakh.resources.vm.row import VmRow
from lakh.server.agents import Agents
from lakh.store.statement import TxnSpec


async def host_now(ground: Ground, host: HostRow) -> dict[str, Any]:
    listed = await ground.api.admin.call("listHosts", id=host.uuid)
    found: dict[str, Any] = listed["host"][0]
    return found


async def put_vm(ground: Ground, host: HostRow, name: str) -> VmRow:
    """A running instance of 1 GHz and 512 MiB."""
    cloud = ground.api.cloud
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).live[0]
    vm = blank(
        cloud, VmRow, name=name, instance_name=f"i-{name}", type="User", state="Running", account_id=2, domain_id=1,
        user_id=2, zone_id=host.zone_id, host_id=host.id, last_host_id=host.id, cpus=1, speed_mhz=1000, memory_mb=512,
        service_offering_id=offering.id,
    )  # fmt: skip
    txn = TxnSpec("test.vm").put(INSERT_VM, vm).add(RESERVE, host.id, 1000, 1, 512 << 20, 0)
    await cloud.store.submit(txn)
    cloud.part(HostIndex).columns.reserve(host.id, 1000, 512 << 20, 2)
    return vm


def takes_instances(ground: Ground, host: HostRow, *tags: str) -> bool:
    cloud = ground.api.cloud
    request = Request(
        zone_id=host.zone_id, cpu_count=1, cpu_speed_mhz=500, memory_bytes=1 << 29, account_id=2, host_id=host.id,
        host_tags=tags,
    )  # fmt: skip
    return isinstance(place(cloud.part(HostIndex).columns, request, cloud.random), Plan)


async def enabled(ground: Ground) -> Ground:
    await ground.api.admin.call("updateZone", id=ground.zone["id"], allocationstate="Enabled")
    return ground


async def test_a_host_is_renamed_tagged_and_disabled(ground: Ground) -> None:
    admin, host = ground.api.admin, await (await enabled(ground)).join()
    changed = await admin.call("updateHost", id=host.uuid, name="rack7", hosttags="ssd, gpu", annotation="new fan")
    assert (changed["host"]["name"], changed["host"]["hosttags"], changed["host"]["annotation"]) == (
        "rack7",
        "ssd,gpu",
        "new fan",
    )
    assert takes_instances(ground, host, "ssd")
    assert not takes_instances(ground, host, "nvme")
    tags = (await admin.call("listHostTags"))["hosttag"]
    assert [(t["name"], t["isimplicit"]) for t in tags] == [("ssd", False), ("gpu", False)]
    assert (await admin.call("listHostTags", keyword="GP"))["count"] == 1

    await admin.call("updateHost", id=host.uuid, hosttags="", allocationstate="Disable")
    now = await host_now(ground, host)
    assert (now["resourcestate"], now.get("hosttags"), now["state"]) == ("Disabled", None, "Up")
    assert not takes_instances(ground, host)
    await admin.call("updateHost", id=host.uuid, allocationstate="Enable")
    assert takes_instances(ground, host)
    await refused(admin.call("updateHost", id=host.uuid, allocationstate="Maybe"), 431, "Enable or Disable")


async def test_a_host_is_added_by_the_agent_that_is_there(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    second = await ground.add_cluster("second")
    asked = {
        "zoneid": ground.zone["id"],
        "podid": ground.pod["id"],
        "clusterid": ground.cluster["id"],
        "hypervisor": "KVM",
        "url": "http://10.1.1.1",
        "username": "root",
        "password": "secret",
    }
    made = await admin.call("addHost", **asked, hosttags="fast", allocationstate="Disabled")
    found = made["host"][0]
    assert (found["id"], found["hosttags"], found["resourcestate"]) == (host.uuid, "fast", "Disabled")
    by_name = {k: v for k, v in asked.items() if k != "clusterid"} | {"clustername": "cluster1"}
    assert (await admin.call("addHost", **by_name))["host"][0]["id"] == host.uuid
    await refused(admin.call("addHost", **asked | {"url": "http://10.9.9.9"}), 530, "No agent at 10.9.9.9")
    await refused(admin.call("addHost", **asked | {"clusterid": second["id"]}), 431, "joined another cluster")
    await refused(admin.call("addHost", **asked | {"url": "http://"}), 431, "Invalid parameter url")
    await refused(admin.call("addHost", **by_name | {"clustername": "third"}), 431, "Unable to find the cluster")


async def test_when_a_host_was_last_heard_of(ground: Ground) -> None:
    host, quiet = await ground.join(), await ground.join()
    agents = Agents(ground.api.cloud)
    assert "lastpinged" not in await host_now(ground, host), "nobody has said anything since the server started"
    before = api_date(ground.api.cloud.now_ms())
    agents.on_pinged((host.id, 424242))
    first = (await host_now(ground, host))["lastpinged"]
    assert before <= first <= api_date(ground.api.cloud.now_ms())
    ground.api.clock.forward(60)
    agents.on_pinged((host.id,))
    assert (await host_now(ground, host))["lastpinged"] > first
    assert "lastpinged" not in await host_now(ground, quiet)


async def test_a_host_is_deleted_once_it_is_empty(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    vm = await put_vm(ground, host, "one")
    await refused(admin.call("deleteHost", id=host.uuid), 530, "must be in maintenance mode")
    assert (await host_now(ground, host))["resourcestate"] == "Enabled"

    await admin.call("deleteHost", id=host.uuid, forced=True)
    assert await admin.call("listHosts") == {}
    assert await admin.call("listHosts", id=host.uuid) == {}
    assert ("ShutdownCommand" in [name for _, name in ground.fakes.said], ground.fakes.dropped) == (True, [host.id])
    stopped = (await admin.call("listVirtualMachines", id=vm.uuid, details="min"))["virtualmachine"][0]
    assert stopped["state"] == "Stopped"
    assert "hostid" not in stopped
    assert await ground.api.cloud.store.rows(CAPACITY, host.id) == []
    assert host.id not in ground.api.cloud.part(HostIndex).columns
    await refused(admin.call("deleteHost", id=host.uuid), 431, "not deleted")


async def test_maintenance_of_an_empty_host(ground: Ground) -> None:
    admin, host = ground.api.admin, await (await enabled(ground)).join()
    done = await admin.job("prepareHostForMaintenance", id=host.uuid)
    assert done["host"]["resourcestate"] == "Maintenance"
    assert ("MaintainCommand" in [name for _, name in ground.fakes.said], takes_instances(ground, host)) == (
        True,
        False,
    )
    await refused(admin.call("prepareHostForMaintenance", id=host.uuid), 431, "AdminAskMaintenance is not possible")
    done = await admin.job("cancelHostMaintenance", id=host.uuid)
    assert done["host"]["resourcestate"] == "Enabled"
    assert takes_instances(ground, host)
    await refused(admin.call("cancelHostMaintenance", id=host.uuid), 431, "AdminCancelMaintenance is not possible")
    events = (await admin.call("listEvents", resourceid=host.uuid, resourcetype="Host"))["event"]
    assert [(e["type"], e["state"]) for e in reversed(events)] == [
        ("MAINT.PREPARE", "Scheduled"),
        ("MAINT.PREPARE", "Completed"),
        ("MAINT.CANCEL", "Scheduled"),
        ("MAINT.CANCEL", "Completed"),
    ]


async def test_instances_that_can_not_move_stop_a_maintenance(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    other = await ground.join()
    await put_vm(ground, host, "stuck")
    await refused(admin.job("prepareHostForMaintenance", id=host.uuid), 530, "Unable to move 1 instances away: i-stuck")
    assert (await host_now(ground, host))["resourcestate"] == "ErrorInPrepareForMaintenance"
    await refused(admin.call("prepareHostForMaintenance", id=other.uuid), 431, "There are other hosts in")
    await refused(admin.call("reconnectHost", id=host.uuid), 431, "cancel the maintenance")
    await admin.job("cancelHostMaintenance", id=host.uuid)
    assert (await host_now(ground, host))["resourcestate"] == "Enabled"


async def test_an_agent_is_reconnected(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    done = await admin.job("reconnectHost", id=host.uuid)
    assert (done["host"]["id"], ground.fakes.dropped) == (host.uuid, [host.id])
    ground.leave(host)
    await refused(admin.job("reconnectHost", id=host.uuid), 534, "its agent is not connected")


async def test_a_lost_host_is_declared_degraded_and_taken_back(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    vm = await put_vm(ground, host, "gone")
    await refused(admin.call("declareHostAsDegraded", id=host.uuid), 431, "only one in Alert or Disconnected")
    await set_status(ground.api.cloud, host.id, "Alert")
    done = await admin.job("declareHostAsDegraded", id=host.uuid)
    assert done["host"]["resourcestate"] == "Degraded"
    stopped = (await admin.call("listVirtualMachines", id=vm.uuid, details="min"))["virtualmachine"][0]
    assert stopped["state"] == "Stopped"
    capacity = (await ground.api.cloud.store.rows(CAPACITY, host.id))[0]
    assert (capacity.cpu_used_mhz, capacity.memory_used_bytes, capacity.vms) == (0, 0, 0)
    done = await admin.job("cancelHostAsDegraded", id=host.uuid)
    assert done["host"]["resourcestate"] == "Enabled"
    await set_status(ground.api.cloud, host.id, "Alert")
    await admin.job("declareHostAsDegraded", id=host.uuid)
    await admin.call("deleteHost", id=host.uuid)
    assert await admin.call("listHosts") == {}
