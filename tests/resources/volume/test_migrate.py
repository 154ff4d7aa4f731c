"""Moving a volume to another pool, at rest and under a running VM, and changing what is known of one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.resources.vm.conftest import Stage
from tests.world import GIB

from lakh.contract.client import ClientError


async def second_pool(stage: Stage) -> dict[str, Any]:
    made = await stage.admin.call(
        "createStoragePool", zoneid=stage.world.made.zone.uuid, name="second", scope="ZONE", hypervisor="KVM",
        url="nfs://192.0.2.20/export/second",
    )  # fmt: skip
    pool: dict[str, Any] = made["storagepool"]
    return pool


def pools_of_files(stage: Stage) -> set[str]:
    return {found.pool for found, _ in stage.world.storage.volumes() if found.kind == "volume"}


@pytest.mark.parametrize("live", [False, True])
async def test_a_root_disk_moves(stage: Stage, live: bool) -> None:
    vm, pool = await stage.deploy(), await second_pool(stage)
    root = (await stage.admin.call("listVolumes", virtualmachineid=vm["id"]))["volume"][0]
    if live:
        with pytest.raises(ClientError, match="livemigrate must be true"):
            await stage.admin.call("migrateVolume", volumeid=root["id"], storageid=pool["id"])
    else:
        await stage.job(stage.admin, "stopVirtualMachine", id=vm["id"])

    done = await stage.job(stage.admin, "migrateVolume", volumeid=root["id"], storageid=pool["id"], livemigrate=live)

    assert (done["volume"]["storageid"], done["volume"]["state"]) == (pool["id"], "Ready")
    assert pools_of_files(stage) == {pool["id"]}
    with pytest.raises(ClientError, match="already on the destination"):
        await stage.admin.call("migrateVolume", volumeid=root["id"], storageid=pool["id"], livemigrate=True)


async def test_a_refused_move_leaves_it_where_it_was(stage: Stage) -> None:
    vm, pool = await stage.deploy(), await second_pool(stage)
    root = (await stage.admin.call("listVolumes", virtualmachineid=vm["id"]))["volume"][0]
    stage.hosts.refuse = lambda _, command: "too busy" if command.name == "MigrateVolumeCommand" else ""
    with pytest.raises(ClientError, match="too busy"):
        await stage.job(stage.admin, "migrateVolume", volumeid=root["id"], storageid=pool["id"], livemigrate=True)
    assert pools_of_files(stage) == {stage.world.pool.uuid}


async def test_what_is_known_of_a_volume_can_be_changed(stage: Stage) -> None:
    made = stage.world.made
    volume = (
        await stage.job(stage.admin, "createVolume", zoneid=made.zone.uuid, diskofferingid=made.disk_offering.uuid)
    )["volume"]
    done = await stage.job(stage.admin, "updateVolume", id=volume["id"], name="renamed", deleteprotection=True)
    assert (done["volume"]["name"], done["volume"]["deleteprotection"]) == ("renamed", True)
    with pytest.raises(ClientError, match="delete protection"):
        await stage.admin.call("deleteVolume", id=volume["id"])
    with pytest.raises(ClientError, match="Invalid volume state"):
        await stage.admin.call("updateVolume", id=volume["id"], state="Nowhere")
    assert volume["size"] == 5 * GIB
