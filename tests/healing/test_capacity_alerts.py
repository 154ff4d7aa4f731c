"""An operator is told once when a capacity passes its notification threshold."""

from __future__ import annotations

import pytest
from tests.ground import Ground

from lakh.healing.capacity_alerts import WATCHED, CapacityAlerts
from lakh.resources.alert.row import STANDING_OF_TYPES
from lakh.resources.host.row import RELEASE, RESERVE, HostRow
from lakh.resources.storage_pool.row import TAKE, StoragePoolRow
from lakh.store.statement import TxnSpec

CPU_SETTING = "cluster.cpu.allocated.capacity.notificationthreshold"


async def told(ground: Ground) -> list[str]:
    """What listAlerts says after a pass, the oldest first."""
    await CapacityAlerts().run(ground.api.cloud)
    alerts = (await ground.api.admin.call("listAlerts")).get("alert", [])
    return [a["description"] for a in reversed(alerts) if a["name"] in ("ALERT.CPU", "ALERT.MEMORY")]


async def take(ground: Ground, host: HostRow, mhz: int) -> None:
    """Of 32,000 MHz; less than nothing gives back."""
    txn = TxnSpec("test.take")
    if mhz > 0:
        txn.add(RESERVE, host.id, mhz, 0, 0, 0)
    else:
        txn.add(RELEASE, host.id, -mhz, 0, 0)
    await ground.api.cloud.store.submit(txn)


async def set_to(ground: Ground, name: str, value: object, **scope: str) -> None:
    await ground.api.admin.call("updateConfiguration", name=name, value=value, **scope)


async def test_a_threshold_that_is_passed_is_told_once(ground: Ground) -> None:
    host = await ground.join()
    await take(ground, host, 24000)
    assert await told(ground) == [], "75% is not above 75%"
    await take(ground, host, 400)
    said = "CPU allocated in cluster cluster1, pod pod1, zone zone1: 76.25%, above 75.00%"
    for _ in range(3):
        assert await told(ground) == [said]
    await take(ground, host, -800)  # 73.75% is hardly below: it would be told again and again
    assert await told(ground) == [said]
    await take(ground, host, 1600)
    assert await told(ground) == [said]


async def test_it_is_told_anew_once_it_was_over(ground: Ground) -> None:
    host = await ground.join()
    await take(ground, host, 26000)
    assert len(await told(ground)) == 1
    await take(ground, host, -4000)
    assert len(await told(ground)) == 1
    assert await ground.api.cloud.store.rows(STANDING_OF_TYPES, [1]) == []
    await take(ground, host, 5000)
    assert len(await told(ground)) == 2


async def test_an_alert_that_was_archived_is_not_raised_again(ground: Ground) -> None:
    host = await ground.join()
    await take(ground, host, 26000)
    await told(ground)
    await ground.api.admin.call("archiveAlerts", type=1)
    assert await told(ground) == []


async def test_the_settings_say_when_and_how_often(ground: Ground) -> None:
    admin, second = ground.api.admin, await ground.add_cluster("second")
    for cluster in (ground.cluster, second):
        await take(ground, await ground.join(cluster), 16000)
    assert await told(ground) == []
    await set_to(ground, CPU_SETTING, 0.4, clusterid=second["id"])
    assert await told(ground) == ["CPU allocated in cluster second, pod pod1, zone zone1: 50.00%, above 40.00%"]
    await set_to(ground, CPU_SETTING, 0.5)
    assert len(await told(ground)) == 1
    await set_to(ground, CPU_SETTING, 0.45)
    assert (await told(ground))[1:] == ["CPU allocated in cluster cluster1, pod pod1, zone zone1: 50.00%, above 45.00%"]
    await set_to(ground, "alert.allowed.repetitive.types", "ALERT.MEMORY, alert.cpu")
    assert len(await told(ground)) == 4
    assert CapacityAlerts().interval_seconds(ground.api.cloud) == 300
    await admin.call("updateConfiguration", name="capacity.check.period", value=60000)
    assert CapacityAlerts().interval_seconds(ground.api.cloud) == 60


@pytest.mark.parametrize("scope", ["CLUSTER", "ZONE"])
async def test_storage_of_clusters_and_of_the_whole_zone(ground: Ground, scope: str) -> None:
    admin, cloud = ground.api.admin, ground.api.cloud
    await ground.join()
    where = {"podid": ground.pod["id"], "clusterid": ground.cluster["id"]} if scope == "CLUSTER" else {}
    await ground.add_pool(scope=scope, hypervisor="KVM", **where)
    (pool,) = await cloud.snapshots.of(StoragePoolRow)
    await cloud.store.submit(TxnSpec("test.allocate").add(TAKE, pool.id, pool.capacity_bytes * 3 // 2))
    await told(ground)
    assert (await admin.call("listAlerts")).get("alert") is None
    await set_to(ground, "cluster.storage.allocated.capacity.notificationthreshold", 0.7)
    await CapacityAlerts().run(cloud)
    place = "cluster cluster1, pod pod1, zone zone1" if scope == "CLUSTER" else "zone zone1"
    (alert,) = (await admin.call("listAlerts"))["alert"]
    assert alert["name"] == "ALERT.STORAGE.ALLOCATED"
    assert alert["description"] == f"Primary storage allocated in {place}: 75.00%, above 70.00%"


def test_every_alert_is_of_a_type_that_is_not_repeated() -> None:
    names = {watched.setting for watched in WATCHED.values()}
    assert len(names) == len(WATCHED)
