"""Sums that drifted are mended, old jobs go, settings reach where they decide, pools are measured."""

from __future__ import annotations

from tests.ground import POOL_BYTES, Ground
from tests.resources.host.test_verbs import put_vm
from tests.resources.storage_pool.test_verbs import put_volume

from lakh.healing.capacity import CapacityDrift
from lakh.healing.jobs import ExpiredJobs
from lakh.healing.places import Places
from lakh.healing.storage_stats import StorageStats
from lakh.jobs.row import BY_UUID
from lakh.placement.plan import Plan, place
from lakh.placement.request import Request
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import CAPACITY, RESERVE
from lakh.resources.storage_pool.row import CAPACITIES, TAKE
from lakh.store.statement import TxnSpec, statement

HOLD = statement(
    "test.hold_job",
    "UPDATE async_job SET status = 0, completed_ms = NULL, owner = 99, state_json = $2 WHERE uuid = $1",
)


async def test_drift_of_a_host_is_mended_once_it_stands(ground: Ground) -> None:
    cloud, host = ground.api.cloud, await ground.join()
    await put_vm(ground, host, "real")
    drift = CapacityDrift()
    await drift.run(cloud)
    await cloud.store.submit(TxnSpec("test.drift").add(RESERVE, host.id, 500, 1, 1 << 30, 0))
    await drift.run(cloud)
    assert (await cloud.store.rows(CAPACITY, host.id))[0].vms == 2  # it may be a job's; look again first
    await drift.run(cloud)
    capacity = (await cloud.store.rows(CAPACITY, host.id))[0]
    assert (capacity.cpu_used_mhz, capacity.cores_used, capacity.memory_used_bytes, capacity.vms) == (
        1000,
        1,
        512 << 20,
        1,
    )
    assert cloud.part(HostIndex).columns.usage(host.id).memory_used_bytes == 512 << 20
    told = await ground.api.admin.call("listEvents", type="HOST.RESERVATION.RELEASE", listall=True)
    assert (told["count"], told["event"][0]["resourceid"]) == (1, host.uuid)
    assert "kvm-1 was corrected: stored (1500, 2, 1610612736, 2)" in told["event"][0]["description"]
    await drift.run(cloud)
    assert (await ground.api.admin.call("listEvents", type="HOST.RESERVATION.RELEASE", listall=True))["count"] == 1


async def test_what_a_pending_job_holds_is_left_alone(ground: Ground) -> None:
    cloud, host = ground.api.cloud, await ground.join()
    done = await ground.api.admin.job("reconnectHost", id=host.uuid)
    await cloud.store.submit(TxnSpec("test.hold").add(HOLD, done["jobid"], f'{{"to_host_id": {host.id}}}'))
    await cloud.store.submit(TxnSpec("test.drift").add(RESERVE, host.id, 500, 1, 1 << 30, 0))
    drift = CapacityDrift()
    for _ in range(3):
        await drift.run(cloud)
    assert (await cloud.store.rows(CAPACITY, host.id))[0].vms == 1
    await cloud.store.submit(TxnSpec("test.hold").add(HOLD, done["jobid"], "{}"))
    await drift.run(cloud)
    assert (await cloud.store.rows(CAPACITY, host.id))[0].vms == 0


async def test_drift_of_a_pool_is_mended(ground: Ground) -> None:
    cloud, host = ground.api.cloud, await ground.join()
    pool = await ground.add_pool()
    await put_volume(ground, host, pool)
    drift = CapacityDrift()
    for _ in range(2):
        await drift.run(cloud)
    (counted,) = await cloud.store.rows(CAPACITIES)
    assert counted.allocated_bytes == 1 << 30
    told = await ground.api.admin.call("listEvents", type="SYNC.STORAGE.POOL", listall=True)
    assert "primary was corrected: stored (0,), counted (1073741824,)" in told["event"][0]["description"]
    await cloud.store.submit(TxnSpec("test.take").add(TAKE, counted.pool_id, 5))
    for _ in range(2):
        await drift.run(cloud)
    assert (await cloud.store.rows(CAPACITIES))[0].allocated_bytes == 1 << 30


async def test_old_jobs_go_and_younger_ones_stay(ground: Ground) -> None:
    cloud, host = ground.api.cloud, await ground.join()
    old = await ground.api.admin.job("reconnectHost", id=host.uuid)
    ground.api.clock.forward(1400 * 60)
    young = await ground.api.admin.job("reconnectHost", id=host.uuid)
    ground.api.clock.forward(41 * 60)
    await ExpiredJobs().run(cloud)
    assert [len(await cloud.store.rows(BY_UUID, job["jobid"])) for job in (old, young)] == [0, 1]


async def test_overcommit_follows_its_settings(ground: Ground) -> None:
    cloud, admin, host = ground.api.cloud, ground.api.admin, await ground.join(cpus=2)
    await admin.call("updateZone", id=ground.zone["id"], allocationstate="Enabled")
    request = Request(zone_id=host.zone_id, cpu_count=1, cpu_speed_mhz=2000, memory_bytes=1 << 30, account_id=2)
    columns = cloud.part(HostIndex).columns
    await cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, host.id, 4000, 2, 1 << 30, 0))
    columns.reserve(host.id, 4000, 1 << 30, 2)
    assert not isinstance(place(columns, request, cloud.random), Plan)

    name = "cpu.overprovisioning.factor"
    await admin.call("updateConfiguration", name=name, value="4.0", clusterid=ground.cluster["id"])
    assert isinstance(place(columns, request, cloud.random), Plan)
    cluster = (await admin.call("listClusters"))["cluster"][0]
    assert (cluster["cpuovercommitratio"], cluster["memoryovercommitratio"]) == ("4.0", "1.0")
    found = (await admin.call("listHosts"))["host"][0]
    assert (found["cpuwithoverprovisioning"], found["cpuallocated"]) == ("16000", "25%")
    await cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, host.id, 2000, 1, 1 << 30, 0))

    await admin.call("resetConfiguration", name=name, clusterid=ground.cluster["id"])
    assert (await cloud.store.rows(CAPACITY, host.id))[0].cpu_overcommit == 1.0
    await Places().run(cloud)
    assert not isinstance(place(columns, request, cloud.random), Plan)


async def test_pools_are_measured(ground: Ground) -> None:
    cloud, admin, host = ground.api.cloud, ground.api.admin, await ground.join()
    pool = await ground.add_pool()
    await StorageStats().run(cloud)
    asked = [host_id for host_id, name in ground.fakes.said if name == "GetStorageStatsCommand"]
    assert asked == [host.id]
    await admin.call("updateConfiguration", name="storage.overprovisioning.factor", value="3.0", storageid=pool["id"])
    await StorageStats().run(cloud)
    found = (await admin.call("listStoragePools"))["storagepool"][0]
    assert (found["disksizetotal"], found["overprovisionfactor"]) == (POOL_BYTES, "3.0")
    assert (await cloud.store.rows(CAPACITIES))[0].limit_bytes == POOL_BYTES * 3
    ground.fakes.refuse = lambda _, command: "busy" if command.name == "GetStorageStatsCommand" else ""
    await StorageStats().run(cloud)
    assert (await cloud.store.rows(CAPACITIES))[0].limit_bytes == POOL_BYTES * 3
