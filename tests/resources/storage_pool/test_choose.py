"""Which pool a disk comes to: tags, thresholds and algorithms decide, and a refusal says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.api import Api
from tests.resources.vm.conftest import Stage
from tests.world import FakeHosts, World

from lakh.contract.client import ClientError


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    api = await Api.start(hosts=FakeHosts())
    world = await World.build(api.cloud)
    yield Stage(api, world)
    await world.check()
    await api.stop()


async def add_pool(stage: Stage, name: str, **more: Any) -> dict[str, Any]:
    made = await stage.admin.call(
        "createStoragePool", zoneid=stage.world.made.zone.uuid, name=name, scope="ZONE", hypervisor="KVM",
        url=f"nfs://192.0.2.20/export/{name}", **more,
    )  # fmt: skip
    pool: dict[str, Any] = made["storagepool"]
    return pool


async def attached(stage: Stage, vm: dict[str, Any], **offering: Any) -> dict[str, Any]:
    """A new disk of a new offering, attached."""
    made = await stage.admin.call(
        "createDiskOffering", name="Tagged", displaytext="Tagged", **({"disksize": 1} | offering)
    )
    volume = await stage.job(
        stage.admin, "createVolume", zoneid=stage.world.made.zone.uuid, diskofferingid=made["diskoffering"]["id"]
    )
    done = await stage.job(stage.admin, "attachVolume", id=volume["volume"]["id"], virtualmachineid=vm["id"])
    disk: dict[str, Any] = done["volume"]
    return disk


async def test_a_tagged_disk_goes_to_a_pool_with_that_tag(stage: Stage) -> None:
    fast = await add_pool(stage, "fast", tags="ssd,fast")
    vm = await stage.deploy()
    assert {(await attached(stage, vm, tags="ssd"))["storageid"] for _ in range(4)} == {fast["id"]}


async def test_a_refusal_says_how_many_pools_lack_what(stage: Stage) -> None:
    await add_pool(stage, "fast", tags="ssd")
    vm = await stage.deploy()
    with pytest.raises(ClientError, match=r"storage tags gold.*2"):
        await attached(stage, vm, tags="gold")


async def test_a_pool_beyond_its_threshold_takes_no_more(stage: Stage) -> None:
    vm = await stage.deploy()
    assert (await attached(stage, vm))["storageid"] == stage.world.pool.uuid
    await stage.admin.call(
        "updateConfiguration", name="pool.storage.allocated.capacity.disablethreshold", value="0.00001"
    )
    with pytest.raises(ClientError, match="No storage pool"):
        await attached(stage, vm)


async def test_first_fit_fills_the_oldest_pool(stage: Stage) -> None:
    await add_pool(stage, "second")
    await stage.admin.call("updateConfiguration", name="volume.allocation.algorithm", value="firstfit")
    vm = await stage.deploy()
    pools = [(await attached(stage, vm))["storageid"] for _ in range(3)]
    assert pools == [stage.world.pool.uuid] * 3
    await stage.admin.call("updateConfiguration", name="volume.allocation.algorithm", value="userdispersing")
    assert (await attached(stage, vm))["storage"] == "second"
