"""Resizing: by size, by offering, live and at rest; the pool's space and the owner's count follow."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError

GIB = 1 << 30


async def attached_disk(stage: Stage, gib: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A running VM and its custom-sized data disk."""
    offering = (await stage.admin.call("createDiskOffering", name="Custom", displaytext="Custom", customized=True))[
        "diskoffering"
    ]
    vm = await stage.deploy()
    volume = (
        await stage.job(
            stage.admin, "createVolume", zoneid=stage.world.made.zone.uuid, diskofferingid=offering["id"], size=gib
        )
    )["volume"]
    await stage.job(stage.admin, "attachVolume", id=volume["id"], virtualmachineid=vm["id"])
    return vm, volume


async def test_a_disk_grows_under_a_running_vm(stage: Stage) -> None:
    _, volume = await attached_disk(stage, 5)
    grown = (await stage.job(stage.admin, "resizeVolume", id=volume["id"], size=8))["volume"]
    assert (grown["size"], grown["state"]) == (8 * GIB, "Ready")
    sizes = {found.size_bytes for found, _ in stage.world.storage.volumes() if found.kind == "volume"}
    assert 8 * GIB in sizes


async def test_shrinking_must_be_signed_off(stage: Stage) -> None:
    _, volume = await attached_disk(stage, 5)
    with pytest.raises(ClientError, match="shrinkok"):
        await stage.admin.call("resizeVolume", id=volume["id"], size=4)
    shrunk = (await stage.job(stage.admin, "resizeVolume", id=volume["id"], size=4, shrinkok=True))["volume"]
    assert shrunk["size"] == 4 * GIB


async def test_another_offering_brings_its_size(stage: Stage) -> None:
    _, volume = await attached_disk(stage, 3)
    offering = stage.world.made.disk_offering
    done = (await stage.job(stage.admin, "resizeVolume", id=volume["id"], diskofferingid=offering.uuid))["volume"]
    assert (done["size"], done["diskofferingid"]) == (5 * GIB, offering.uuid)
    with pytest.raises(ClientError, match="must be customizable"):
        await stage.admin.call("resizeVolume", id=volume["id"], size=9)


async def test_a_host_that_refuses_changes_nothing(stage: Stage) -> None:
    _, volume = await attached_disk(stage, 5)
    stage.hosts.refuse = lambda _, command: "no" if command.name == "ResizeVolumeCommand" else ""
    with pytest.raises(ClientError, match="Unable to resize"):
        await stage.job(stage.admin, "resizeVolume", id=volume["id"], size=6)
    listed = (await stage.admin.call("listVolumes", id=volume["id"]))["volume"][0]
    assert (listed["size"], listed["state"]) == (5 * GIB, "Ready")


async def test_settings_bound_the_size(stage: Stage) -> None:
    _, volume = await attached_disk(stage, 5)
    with pytest.raises(ClientError, match="max size is: 2000"):
        await stage.admin.call("resizeVolume", id=volume["id"], size=2001)
    made = stage.world.made
    listed = (await stage.admin.call("listDiskOfferings", name="Custom"))["diskoffering"][0]
    with pytest.raises(ClientError, match=r"out of allowed range\. Min: 1\. Max: 1024"):
        await stage.admin.call("createVolume", zoneid=made.zone.uuid, diskofferingid=listed["id"], size=1025)
    with pytest.raises(ClientError, match="does not allow custom size"):
        await stage.admin.call("createVolume", zoneid=made.zone.uuid, diskofferingid=made.disk_offering.uuid, size=3)
