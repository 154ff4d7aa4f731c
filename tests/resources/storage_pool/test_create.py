"""Primary storage is added, with and without hosts, told over HTTP."""

from __future__ import annotations

from tests.ground import POOL_BYTES, Ground
from tests.refusal import refused


async def test_a_pool_waits_for_the_first_host(ground: Ground) -> None:
    admin = ground.api.admin
    pool = await ground.add_pool(tags="fast, ssd")
    assert (pool["state"], pool["scope"], pool["type"], pool["disksizetotal"]) == ("Up", "ZONE", "NetworkFilesystem", 0)
    assert (pool["ipaddress"], pool["path"], pool["provider"]) == ("192.0.2.10", "/export/primary", "DefaultPrimary")
    assert (pool["tags"], pool["overprovisionfactor"], pool["hypervisor"]) == ("fast,ssd", "2.0", "KVM")
    assert "clusterid" not in pool

    host = await ground.join()
    found = (await admin.call("listStoragePools", id=pool["id"]))["storagepool"][0]
    assert (found["disksizetotal"], found["disksizeallocated"]) == (POOL_BYTES, 0)
    capacity = await admin.call("listCapacity", type=3, zoneid=ground.zone["id"])
    assert capacity["capacity"][0]["capacitytotal"] == POOL_BYTES * 2
    assert (await admin.call("listStoragePools", hostid=host.uuid))["count"] == 1


async def test_hosts_that_are_there_mount_a_new_pool(ground: Ground) -> None:
    hosts = [await ground.join() for _ in range(3)]
    second = await ground.add_cluster("second")
    stranger = await ground.join(second)
    pool = await ground.add_pool(scope="CLUSTER", clusterid=ground.cluster["id"], podid=ground.pod["id"])
    assert (pool["disksizetotal"], pool["clustername"], pool["podname"]) == (POOL_BYTES, "cluster1", "pod1")
    mounted = [host_id for host_id, name in ground.fakes.said if name == "ModifyStoragePoolCommand"]
    assert sorted(mounted) == [host.id for host in hosts]
    assert [name for _, name in ground.fakes.said].count("CreateStoragePoolCommand") == 1
    assert stranger.id not in mounted
    admin = ground.api.admin
    assert await admin.call("listStoragePools", hostid=stranger.uuid) == {}
    assert (await admin.call("listStoragePools", clusterid=ground.cluster["id"], scope="cluster"))["count"] == 1


async def test_a_pool_that_no_host_can_mount_is_not_stored(ground: Ground) -> None:
    first, second = await ground.join(), await ground.join()
    fakes = ground.fakes
    fakes.refuse = lambda host_id, command: "no such export" if command.name == "ModifyStoragePoolCommand" else ""
    await refused(ground.add_pool(), 530, "no such export")
    assert await ground.api.admin.call("listStoragePools") == {}

    fakes.refuse = lambda host_id, command: (
        "busy" if command.name == "ModifyStoragePoolCommand" and host_id == first.id else ""
    )
    pool = await ground.add_pool()
    assert pool["disksizetotal"] == POOL_BYTES
    assert second.id != first.id


async def test_urls_of_pools(ground: Ground) -> None:
    rbd = await ground.add_pool("ceph", url="rbd://admin:c/e+c=@mon1.example:6790/pool1")
    assert (rbd["type"], rbd["ipaddress"], rbd["path"]) == ("RBD", "mon1.example", "pool1")
    assert "c/e+c=" not in str(rbd)
    shared = await ground.add_pool("shared", url="SharedMountPoint:///mnt/shared")
    assert (shared["type"], shared["ipaddress"], shared["path"]) == ("SharedMountPoint", "localhost", "/mnt/shared")
    await refused(ground.add_pool("x", url="ftp://h/p"), 431, "Invalid parameter url")
    await refused(ground.add_pool("x", url="nfs:///p"), 431, "names no host")
    await refused(ground.add_pool("x", url="nfs://h"), 431, "names no path")
    await refused(ground.add_pool("x", url="SharedMountPoint:///mnt/shared/"), 431, "already in use by pool shared")
    await refused(ground.add_pool("x", scope="HOST"), 431, "zone or cluster")
    await refused(ground.add_pool("x", scope="CLUSTER"), 431, "Cluster id must be specified")
    await refused(ground.add_pool("x", scope="ZONE", clusterid=ground.cluster["id"]), 431, "leave them out")
    await refused(ground.add_pool("x", provider="Shiny"), 431, "give DefaultPrimary")
    listed = await ground.api.admin.call("listStoragePools", keyword="HARED")
    assert [pool["name"] for pool in listed["storagepool"]] == ["shared"]
    assert (await ground.api.admin.call("listStoragePools", ipaddress="mon1.example"))["count"] == 1
