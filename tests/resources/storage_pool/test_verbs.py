"""Primary storage is changed, put into maintenance, deleted; told over HTTP."""

from __future__ import annotations

from typing import Any

from tests.blank import blank
from tests.ground import POOL_BYTES, Ground
from tests.refusal import refused
from tests.resources.host.test_verbs import put_vm

from lakh.resources.host.row import HostRow
from lakh.resources.storage_pool.row import CAPACITIES, StoragePoolRow
from lakh.resources.volume.row import INSERT as INSERT_VOLUME
from lakh.resources.volume.row import REMOVE, VolumeRow
from lakh.store.statement import TxnSpec


async def put_volume(ground: Ground, host: HostRow, pool: dict[str, Any], vm_id: int | None = None) -> VolumeRow:
    cloud = ground.api.cloud
    row = (await cloud.snapshots.of(StoragePoolRow)).by_uuid[pool["id"]]
    volume = blank(
        cloud, VolumeRow, name="disk", type="ROOT", state="Ready", account_id=2, domain_id=1, zone_id=host.zone_id,
        pool_id=row.id, vm_id=vm_id, device_id=0, size_bytes=1 << 30,
    )  # fmt: skip
    await cloud.store.submit(TxnSpec("test.volume").put(INSERT_VOLUME, volume))
    return volume


async def state(ground: Ground, pool: dict[str, Any]) -> str:
    listed = await ground.api.admin.call("listStoragePools", id=pool["id"])
    return str(listed["storagepool"][0]["state"])


async def test_a_pool_is_renamed_tagged_and_disabled(ground: Ground) -> None:
    admin, pool = ground.api.admin, await ground.add_pool(tags="slow")
    changed = await admin.call("updateStoragePool", id=pool["id"], name="fast", tags="ssd,nvme", enabled=False,
                               details={"nfsmountopts": "vers=4.1"}, capacityiops=9000)  # fmt: skip
    found = changed["storagepool"]
    assert (found["name"], found["tags"], found["state"], found["capacityiops"], found["nfsmountopts"]) == (
        "fast",
        "ssd,nvme",
        "Disabled",
        9000,
        "vers=4.1",
    )
    tags = (await admin.call("listStorageTags"))["storagetag"]
    assert [tag["name"] for tag in tags] == ["ssd", "nvme"]
    assert (await admin.call("listStorageTags", keyword="NV"))["count"] == 1
    again = await admin.call("updateStoragePool", id=pool["id"], enabled=True, tags="")
    assert (again["storagepool"]["state"], again["storagepool"].get("tags")) == ("Up", None)
    await refused(admin.call("updateStoragePool", id=pool["id"], capacitybytes=5), 431, "leave capacitybytes out")


async def test_a_pool_goes_into_maintenance_and_comes_back(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    await refused(admin.call("cancelStorageMaintenance", id=pool["id"]), 431, "CancelMaintain is not possible")
    done = await admin.job("enableStorageMaintenance", id=pool["id"])
    assert done["storagepool"]["state"] == "Maintenance"
    modified = [host_id for host_id, name in ground.fakes.said if name == "ModifyStoragePoolCommand"]
    assert modified == [host.id, host.id]
    await refused(admin.call("enableStorageMaintenance", id=pool["id"]), 431, "Maintain is not possible")
    done = await admin.job("cancelStorageMaintenance", id=pool["id"])
    assert (done["storagepool"]["state"], done["storagepool"]["disksizetotal"]) == ("Up", POOL_BYTES)
    events = (await admin.call("listEvents", resourcetype="StoragePool", resourceid=pool["id"]))["event"]
    assert {e["type"] for e in events} == {"MAINT.PREPARE.PS", "MAINT.CANCEL.PS"}


async def test_a_maintenance_stops_instances_and_starts_them_again(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    vm = await put_vm(ground, host, "busy")
    await put_volume(ground, host, pool, vm.id)
    await admin.job("enableStorageMaintenance", id=pool["id"])
    found = (await admin.call("listVirtualMachines", id=vm.uuid, details="min"))["virtualmachine"][0]
    assert found["state"] == "Stopped"
    listed = (await admin.call("listStoragePools", id=pool["id"]))["storagepool"][0]
    assert vm.uuid not in str(listed)

    await admin.job("cancelStorageMaintenance", id=pool["id"])
    about = await admin.call("listEvents", resourceid=vm.uuid, resourcetype="VirtualMachine", listall=True)
    assert [e["type"] for e in reversed(about["event"])] == ["VM.STOP", "VM.STOP", "VM.START", "VM.START"]
    assert await state(ground, pool) == "Up"


async def test_an_instance_that_does_not_stop_stops_the_maintenance(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    vm = await put_vm(ground, host, "stubborn")
    await put_volume(ground, host, pool, vm.id)
    asked = ("StopCommand", "CheckVirtualMachineCommand")
    ground.fakes.refuse = lambda _, command: "never" if command.name in asked else ""
    await refused(admin.job("enableStorageMaintenance", id=pool["id"]), 530, "Unable to stop 1 instances")
    assert await state(ground, pool) == "ErrorInMaintenance"
    done = await admin.job("cancelStorageMaintenance", id=pool["id"])
    assert done["storagepool"]["state"] == "Up"


async def test_a_pool_is_deleted_once_it_is_empty(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    await refused(admin.call("deleteStoragePool", id=pool["id"]), 431, "enableStorageMaintenance comes first")
    volume = await put_volume(ground, host, pool)
    await admin.job("enableStorageMaintenance", id=pool["id"])
    await refused(admin.call("deleteStoragePool", id=pool["id"]), 536, "there are 1 volumes on it")
    await ground.api.cloud.store.submit(TxnSpec("test.remove").add(REMOVE, volume.id, 1))
    await admin.call("deleteStoragePool", id=pool["id"])
    assert await admin.call("listStoragePools", id=pool["id"]) == {}
    assert "DeleteStoragePoolCommand" in [name for _, name in ground.fakes.said]
    assert await ground.api.cloud.store.rows(CAPACITIES) == []
    await ground.add_pool()  # the same place is free again


async def test_where_a_volume_could_move_to(ground: Ground) -> None:
    admin, host = ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    volume = await put_volume(ground, host, pool)
    second = await ground.add_cluster("second")
    await ground.add_pool("zonewide")
    await ground.add_pool("elsewhere", scope="CLUSTER", clusterid=second["id"])
    found = (await admin.call("findStoragePoolsForMigration", id=volume.uuid))["storagepool"]
    assert [(p["name"], p["suitableformigration"]) for p in found] == [("zonewide", True), ("elsewhere", False)]
    vm = await put_vm(ground, host, "holder")
    attached = await put_volume(ground, host, pool, vm.id)
    found = (await admin.call("findStoragePoolsForMigration", id=attached.uuid))["storagepool"]
    assert [p["name"] for p in found] == ["zonewide"]
    await refused(admin.call("findStoragePoolsForMigration"), 431, "missing parameter id")
