"""A data disk's life over HTTP: made on paper, attached, detached, deleted, recovered; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError

GIB = 1 << 30


async def make(stage: Stage, **more: Any) -> dict[str, Any]:
    made = stage.world.made
    result = await stage.job(
        stage.admin, "createVolume", **{"zoneid": made.zone.uuid, "diskofferingid": made.disk_offering.uuid, **more}
    )
    volume: dict[str, Any] = result["volume"]
    return volume


def disks_on(stage: Stage, vm: dict[str, Any]) -> list[int]:
    """Device ids of the domain's disks, told by its host."""
    for host in stage.hosts.hosts.values():
        for domain in host.hypervisor.domains():
            if domain.spec.name == vm["instancename"]:
                return sorted(disk.device_id for disk in domain.spec.disks)
    return []


async def test_a_disk_takes_no_space_until_it_is_attached(stage: Stage) -> None:
    volume = await make(stage, name="data")
    assert (volume["state"], volume["type"], volume["size"]) == ("Allocated", "DATADISK", 5 * GIB)
    assert stage.hosts.said == []
    vm = await stage.deploy()

    attached = (await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"]))["volume"]

    assert (attached["state"], attached["deviceid"], attached["virtualmachineid"]) == ("Ready", 1, vm["id"])
    assert attached["storageid"] == stage.world.pool.uuid
    assert disks_on(stage, vm) == [0, 1]


async def test_a_detached_disk_keeps_its_file_and_moves_to_another_vm(stage: Stage) -> None:
    first, second = await stage.deploy(), await stage.deploy()
    volume = await make(stage)
    await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=first["id"], deviceid=7)
    assert disks_on(stage, first) == [0, 7]
    files = stage.world.files()

    done = (await stage.job(stage.admin, "detachVolume", virtualmachineid=first["id"], deviceid=7))["volume"]

    assert done["state"] == "Ready"
    assert "virtualmachineid" not in done
    assert disks_on(stage, first) == [0]
    await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=second["id"])
    assert disks_on(stage, second) == [0, 1]
    assert stage.world.files() == files


async def test_a_stopped_vm_gets_its_disk_when_it_starts(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])
    volume = await make(stage)
    attached = (await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"]))["volume"]
    assert attached["vmstate"] == "Stopped"
    assert not [command for _, command in stage.hosts.said if command == "AttachCommand"]

    await stage.job(stage.admin, "startVirtualMachine", id=vm["id"])

    assert disks_on(stage, vm) == [0, 1]


async def test_a_host_that_refuses_leaves_nothing_behind(stage: Stage) -> None:
    vm, volume = await stage.deploy(), await make(stage)
    files = stage.world.files()
    stage.hosts.refuse = lambda _, command: "no more slots" if command.name == "AttachCommand" else ""

    with pytest.raises(ClientError, match="no more slots"):
        await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"])

    stage.hosts.refuse = lambda _, __: ""
    listed = (await stage.admin.call("listVolumes", id=volume["id"]))["volume"][0]
    assert (listed["state"], listed.get("virtualmachineid")) == ("Allocated", None)
    assert stage.world.files() == files


async def test_what_cannot_be_attached(stage: Stage) -> None:
    vm, volume = await stage.deploy(), await make(stage)
    root = (await stage.admin.call("listVolumes", virtualmachineid=vm["id"], type="ROOT"))["volume"][0]
    for device, text in ((0, "root disk"), (3, "CD drive"), (70000, "from 1 to 65535")):
        with pytest.raises(ClientError, match=text):
            await stage.admin.call("attachVolume", id=volume["id"], virtualmachineid=vm["id"], deviceid=device)
    await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    for disk in (volume, root):
        with pytest.raises(ClientError, match="not attached to any VM"):
            await stage.admin.call("attachVolume", id=disk["id"], virtualmachineid=vm["id"])
    other = await make(stage)
    with pytest.raises(ClientError, match="deviceId 1 is used"):
        await stage.admin.call("attachVolume", id=other["id"], virtualmachineid=vm["id"], deviceid=1)
    with pytest.raises(ClientError, match="root volume is detached from stopped"):
        await stage.admin.call("detachVolume", id=root["id"])
    with pytest.raises(ClientError, match="not attached to any VM"):
        await stage.admin.call("deleteVolume", id=volume["id"])


async def test_a_deleted_volume_gives_everything_back(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    vm = await stage.deploy()
    volume = await make(stage)
    await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    await stage.job(stage.admin, "detachVolume", id=volume["id"])
    with pytest.raises(ClientError, match="does not have permission"):
        await joe.call("deleteVolume", id=volume["id"])

    assert await stage.admin.call("deleteVolume", id=volume["id"]) == {"success": True}

    assert await stage.admin.call("listVolumes", id=volume["id"]) == {}
    assert len(stage.world.files()) == 1  # the VM's root disk


async def test_a_destroyed_volume_can_be_recovered_until_it_is_expunged(stage: Stage) -> None:
    volume = await make(stage)
    done = (await stage.job(stage.admin, "destroyVolume", id=volume["id"]))["volume"]
    assert (done["state"], done["destroyed"]) == ("Destroy", True)
    back = (await stage.admin.call("recoverVolume", id=volume["id"]))["volume"]
    assert back["state"] == "Allocated"
    with pytest.raises(ClientError, match="Destroy state"):
        await stage.admin.call("recoverVolume", id=volume["id"])

    await stage.job(stage.admin, "destroyVolume", id=volume["id"], expunge=True)

    assert await stage.admin.call("listVolumes", id=volume["id"]) == {}


async def test_limits_hold_for_volumes(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    domain = (await stage.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    await stage.admin.call("updateResourceLimit", account="joe", domainid=domain, resourcetype=2, max=1)
    made = stage.world.made
    parameters = {"zoneid": made.zone.uuid, "diskofferingid": made.disk_offering.uuid}
    first = (await stage.job(joe, "createVolume", **parameters))["volume"]
    with pytest.raises(ClientError, match="Maximum amount of resources of Type = 'volume'"):
        await joe.call("createVolume", **parameters)
    await joe.call("deleteVolume", id=first["id"])
    await stage.job(joe, "createVolume", **parameters)


async def test_lists_show_the_newest_first_and_only_ones_own(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    made = stage.world.made
    names = [f"disk-{number}" for number in range(5)]
    for name in names:
        await stage.job(joe, "createVolume", name=name, zoneid=made.zone.uuid, diskofferingid=made.disk_offering.uuid)
    other = await make(stage, name="foreign")

    listed = await joe.call("listVolumes", page=1, pagesize=3)

    assert listed["count"] == 5
    assert [volume["name"] for volume in listed["volume"]] == names[:1:-1]
    assert "storageid" not in listed["volume"][0]
    assert await joe.call("listVolumes", id=other["id"]) == {}
    assert (await joe.call("listVolumes", name="disk-2"))["count"] == 1
    assert (await joe.call("listVolumes", keyword="DISK-"))["count"] == 5
    assert await joe.call("listVolumes", type="ROOT") == {}
    assert (await stage.admin.call("listVolumes", listall=True))["count"] == 6
    assert (await stage.admin.call("listVolumes"))["count"] == 1
    ids = ",".join(volume["id"] for volume in listed["volume"][:2])
    assert (await joe.call("listVolumes", ids=ids))["count"] == 2
