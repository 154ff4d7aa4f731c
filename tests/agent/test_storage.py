"""Volumes, templates and snapshots: what one host makes the others see, and what is done twice is done once."""

from __future__ import annotations

from tests.agent.cloud import (
    GIB,
    OTHER_POOL,
    POOL,
    STORE,
    Cloud,
    ask,
    filer,
    make_volume,
    must,
    secondary,
    snapshot,
    start_vm,
    template,
    uuid,
    vm,
    volume,
)

from lakh.wire.message import STORAGE, STORAGE_OBJECT, SUBSYSTEM

COPY = SUBSYSTEM + "CopyCommand"
VOLUME = STORAGE_OBJECT + "VolumeObjectTO"
TEMPLATE = STORAGE_OBJECT + "TemplateObjectTO"
SNAPSHOT = STORAGE_OBJECT + "SnapshotObjectTO"


def to_primary(cloud: Cloud, host: int = 0) -> str:
    answer = must(cloud.hosts[host], COPY, srcTO=template(), destTO=template(to_primary=True, path=""))
    data = answer.body["newData"][TEMPLATE]
    assert (data["size"], data["format"]) == (2 * GIB, "QCOW2")
    return str(data["path"])


def test_a_deployment_over_three_hosts() -> None:
    cloud = Cloud(3)
    path = to_primary(cloud, 0)
    assert to_primary(cloud, 1) == path  # a second copy finds the first
    for _ in range(2):  # and so does a repeated clone
        answer = must(
            cloud.hosts[1], COPY, srcTO=template(on_primary=path), destTO=volume(10, size=8 * GIB, made=False)
        )
        assert answer.body["newData"][VOLUME] == {"path": uuid(10), "size": 8 * GIB, "format": "QCOW2"}
    must(cloud.hosts[2], "StartCommand", vm=vm(10))
    assert cloud.storage.owner(POOL, uuid(10)) == 3
    stats = must(cloud.hosts[0], "GetVolumeStatsCommand", volumeUuids=[uuid(10), uuid(11)], poolUuid=POOL)
    assert {k: v["virtualSize"] for k, v in stats.body["volumeStats"].items()} == {uuid(10): 8 * GIB}


def test_space_is_booked_once_and_given_back() -> None:
    cloud = Cloud()
    make_volume(cloud.hosts[0], 10)
    used = cloud.storage.usage(POOL).used_bytes
    make_volume(cloud.hosts[1], 10)
    assert cloud.storage.usage(POOL).used_bytes == used > 0
    for _ in range(2):
        must(cloud.hosts[1], SUBSYSTEM + "DeleteCommand", data=volume(10))
    assert cloud.storage.usage(POOL).used_bytes == 0


def test_a_pool_reports_its_space_as_the_server_reads_it() -> None:
    cloud = Cloud(1)
    info = must(cloud.hosts[0], "ModifyStoragePoolCommand", add=True, pool=filer(), localPath="/mnt//abc").body[
        "poolInfo"
    ]
    assert (info["localPath"], info["hostPath"], info["host"]) == ("/mnt//abc", "/primary", "10.0.0.9")
    assert info["capacityBytes"] - info["availableBytes"] == 0


def test_disks_come_and_go_on_a_running_vm() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_vm(host, 10)
    make_volume(host, 20)
    disk = {"data": volume(20), "diskSeq": 1, "type": "DATADISK", "path": uuid(20)}
    for _ in range(2):
        answer = must(host, SUBSYSTEM + "AttachCommand", disk=disk, vmName="i-2-10-VM")
        assert (answer.body["disk"]["diskSeq"], answer.body["disk"]["path"]) == (1, uuid(20))
    assert [d.volume for d in host.hypervisor.domain("i-2-10-VM").spec.disks] == [uuid(10), uuid(20)]
    must(host, SUBSYSTEM + "DettachCommand", disk=disk, vmName="i-2-10-VM")
    assert cloud.storage.owner(POOL, uuid(20)) == 0
    iso = {"data": template(), "diskSeq": 3, "type": "ISO"}
    assert must(host, SUBSYSTEM + "AttachCommand", disk=iso, vmName="i-2-10-VM").name == "Answer"


def test_a_disk_moves_to_another_pool_under_a_running_vm() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_vm(host, 10)
    must(host, "ModifyStoragePoolCommand", add=True, pool=filer(OTHER_POOL), localPath="/mnt//z")
    answer = must(
        host,
        STORAGE + "MigrateVolumeCommand",
        srcData=volume(10),
        destData=volume(30, pool=OTHER_POOL, made=False),
        attachedVmName="i-2-10-VM",
    )
    assert answer.body["volumePath"] == uuid(30)
    disk = host.hypervisor.domain("i-2-10-VM").spec.disks[0]
    assert (disk.pool, disk.volume, disk.device_id) == (OTHER_POOL, uuid(30), 0)
    assert cloud.storage.get(POOL, uuid(10)) is None
    assert cloud.storage.owner(OTHER_POOL, uuid(30)) == 1


def test_a_volume_grows() -> None:
    cloud = Cloud()
    make_volume(cloud.hosts[0], 10)
    resize = {"path": uuid(10), "pool": filer(), "currentSize": GIB, "newSize": 5 * GIB}
    assert must(cloud.hosts[1], STORAGE + "ResizeVolumeCommand", **resize).body["newSize"] == 5 * GIB
    found = cloud.storage.get(POOL, uuid(10))
    assert found is not None
    assert found.size_bytes == 5 * GIB


def test_a_snapshot_from_taking_to_a_new_volume_and_a_new_template() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_vm(host, 10)
    taken = must(host, SUBSYSTEM + "CreateObjectCommand", data=snapshot(1, 10)).body["data"][SNAPSHOT]
    again = must(host, SUBSYSTEM + "CreateObjectCommand", data=snapshot(1, 10)).body["data"][SNAPSHOT]
    assert taken == again
    kept = snapshot(1, 10, path=taken["path"])
    backup = snapshot(1, 10, path="snapshots/2/10", on_secondary=True)
    copied = must(cloud.hosts[1], COPY, srcTO=kept, destTO=backup).body["newData"][SNAPSHOT]
    assert copied["path"] == "snapshots/2/10/" + taken["path"].rpartition("/")[2]
    stored = snapshot(1, 10, path=copied["path"], on_secondary=True)
    new = must(host, COPY, srcTO=stored, destTO=volume(40, made=False)).body["newData"][VOLUME]
    assert (new["path"], new["size"]) == (uuid(40), GIB)
    made = must(host, COPY, srcTO=stored, destTO=template(number=7, path="template/tmpl/2/7")).body["newData"][TEMPLATE]
    assert made["path"] == "template/tmpl/2/7/7-2-x.qcow2"
    assert made["size"] == GIB
    assert cloud.images.of(STORE).find("template/tmpl/2/7/") is not None
    must(host, SUBSYSTEM + "RevertSnapshotCommand", data=kept[SNAPSHOT], dataOnPrimaryStorage=kept[SNAPSHOT])
    must(host, SUBSYSTEM + "DeleteCommand", data=kept)
    must(host, SUBSYSTEM + "DeleteCommand", data=stored)
    assert "no such file" in ask(host, COPY, srcTO=stored, destTO=volume(41, made=False)).details


def test_a_snapshot_straight_to_secondary_storage() -> None:
    cloud = Cloud()
    make_volume(cloud.hosts[0], 10)
    asked = snapshot(1, 10, imageStore=secondary(), accountId=2)
    data = must(cloud.hosts[0], SUBSYSTEM + "CreateObjectCommand", data=asked).body["data"][SNAPSHOT]
    assert data["path"].startswith("snapshots/2/10/")


def test_a_volume_goes_to_secondary_storage_and_comes_back() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    make_volume(host, 10)
    away = {VOLUME: {"uuid": uuid(11), "id": 11, "path": "volumes/2/11", "dataStore": secondary()}}
    path = must(host, COPY, srcTO=volume(10), destTO=away).body["newData"][VOLUME]["path"]
    assert path.startswith("volumes/2/11/")
    back = {VOLUME: {"uuid": uuid(11), "id": 11, "path": path, "dataStore": secondary()}}
    new = must(host, COPY, srcTO=back, destTO=volume(12, made=False)).body["newData"][VOLUME]
    assert (new["path"], new["size"]) == (uuid(12), GIB)


def test_a_template_from_a_volume() -> None:
    cloud = Cloud()
    make_volume(cloud.hosts[0], 10, 3 * GIB)
    target = template(number=9, path="template/tmpl/2/9")
    data = must(cloud.hosts[0], COPY, srcTO=volume(10), destTO=target).body["newData"][TEMPLATE]
    assert (data["name"], data["size"], data["physicalSize"] > 0) == ("9-2-x", 3 * GIB, True)


def test_a_template_of_unknown_size_takes_the_one_that_lies_there() -> None:
    """A seeded system VM template has size 0 in a server's rows until its secondary storage VM was asked."""
    cloud = Cloud()
    pseudo = template(number=3, path="template/tmpl/1/3/", size=0)
    data = must(cloud.hosts[0], COPY, srcTO=pseudo, destTO=template(number=3, to_primary=True, path="")).body["newData"]
    assert data[TEMPLATE]["size"] == 5 * GIB
