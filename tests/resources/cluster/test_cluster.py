"""Clusters, told over HTTP."""

from __future__ import annotations

from tests.ground import POD, Ground
from tests.refusal import refused

from lakh.placement.plan import Plan, place
from lakh.placement.request import Request
from lakh.resources.host.index import HostIndex


async def test_a_cluster_is_made_changed_and_deleted(ground: Ground) -> None:
    admin, cluster = ground.api.admin, ground.cluster
    assert (cluster["hypervisortype"], cluster["clustertype"], cluster["allocationstate"], cluster["managedstate"]) == (
        "KVM",
        "CloudManaged",
        "Enabled",
        "Managed",
    )
    assert (cluster["cpuovercommitratio"], cluster["memoryovercommitratio"], cluster["arch"]) == (
        "1.0",
        "1.0",
        "x86_64",
    )
    host = await ground.join()
    await refused(admin.call("deleteCluster", id=cluster["id"]), 431, "still has hosts")
    await refused(admin.call("updateCluster", id=cluster["id"], arch="aarch64"), 431, "has hosts of architecture")
    changed = await admin.call("updateCluster", id=cluster["id"], clustername="c", managedstate="Unmanaged")
    assert (changed["cluster"]["name"], changed["cluster"]["managedstate"]) == ("c", "Unmanaged")
    assert (await admin.call("listClusters", managedstate="unmanaged"))["count"] == 1
    assert host.name == "kvm-1"

    second = await ground.add_cluster("second")
    await admin.call("deleteCluster", id=second["id"])
    assert await admin.call("listClusters", id=second["id"]) == {}


async def test_a_disabled_cluster_takes_no_instance(ground: Ground) -> None:
    admin, cloud = ground.api.admin, ground.api.cloud
    host = await ground.join()
    await admin.call("updateZone", id=ground.zone["id"], allocationstate="Enabled")
    request = Request(zone_id=host.zone_id, cpu_count=1, cpu_speed_mhz=500, memory_bytes=1 << 29, account_id=2)
    columns = cloud.part(HostIndex).columns
    assert isinstance(place(columns, request, cloud.random), Plan)
    for command, thing in (("updateCluster", ground.cluster), ("updatePod", ground.pod), ("updateZone", ground.zone)):
        await admin.call(command, id=thing["id"], allocationstate="Disabled")
        assert not isinstance(place(columns, request, cloud.random), Plan), command
        await admin.call(command, id=thing["id"], allocationstate="Enabled")
        assert isinstance(place(columns, request, cloud.random), Plan), command


async def test_what_a_cluster_may_not_be(ground: Ground) -> None:
    admin = ground.api.admin
    asked = {
        "zoneid": ground.zone["id"],
        "podid": ground.pod["id"],
        "clustername": "new",
        "clustertype": "CloudManaged",
        "hypervisor": "KVM",
    }
    await refused(admin.call("addCluster", **asked | {"clustername": "cluster1"}), 431, "already exists in pod")
    await refused(admin.call("addCluster", **asked | {"hypervisor": "Abacus"}), 431, "Unable to resolve hypervisor")
    await refused(admin.call("addCluster", **asked | {"hypervisor": "XenServer"}), 431, "can not be served here")
    await refused(admin.call("addCluster", **asked | {"clustertype": "Odd"}), 431, "CloudManaged or ExternalManaged")
    await refused(admin.call("addCluster", **asked, arch="z80"), 431, "Invalid parameter arch z80")
    other = await admin.call(
        "createZone", name="z2", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1"
    )
    await refused(admin.call("addCluster", **asked | {"zoneid": other["zone"]["id"]}), 431, "doesn't belong to zone")
    pod = await admin.call("createPod", zoneid=other["zone"]["id"], **POD)
    assert (await admin.call("listClusters", podid=pod["pod"]["id"])) == {}
    made = await admin.call("addCluster", **asked, allocationstate="Disabled", arch="aarch64")
    assert (made["cluster"][0]["allocationstate"], made["cluster"][0]["arch"]) == ("Disabled", "aarch64")
    assert (await admin.call("listClusters", arch="aarch64", hypervisor="kvm", keyword="NE"))["count"] == 1
