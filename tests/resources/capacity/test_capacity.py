"""Capacity: what is there and what is taken, told over HTTP."""

from __future__ import annotations

from tests.ground import POOL_BYTES, Ground
from tests.refusal import refused

from lakh.resources.host.row import RESERVE
from lakh.store.statement import TxnSpec

MEMORY, CPU, STORAGE, ALLOCATED, PRIVATE_IP, CORES = 0, 1, 2, 3, 5, 90


async def test_capacity_of_a_zone_by_type(ground: Ground) -> None:
    admin = ground.api.admin
    first, _ = await ground.join(), await ground.join()
    await ground.add_pool()
    await ground.api.cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, first.id, 3000, 3, 4 << 30, 0))
    listed = await admin.call("listCapacity", zoneid=ground.zone["id"])
    found = {c["type"]: c for c in listed["capacity"]}
    assert list(found) == [MEMORY, CPU, STORAGE, ALLOCATED, PRIVATE_IP, CORES]
    assert (found[CPU]["capacityused"], found[CPU]["capacitytotal"], found[CPU]["percentused"]) == (3000, 64000, "4.69")
    assert (found[MEMORY]["capacityused"], found[MEMORY]["capacitytotal"]) == (4 << 30, 128 << 30)
    assert (found[CORES]["capacityused"], found[CORES]["capacitytotal"]) == (3, 32)
    assert (found[STORAGE]["capacitytotal"], found[ALLOCATED]["capacitytotal"]) == (POOL_BYTES, POOL_BYTES * 2)
    assert found[CPU]["zonename"] == "zone1"
    assert found[CPU]["name"] == "CPU"
    assert "podid" not in found[CPU]

    await ground.api.cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, first.id, 1000, 1, 0, 0))
    again = await admin.call("listCapacity", zoneid=ground.zone["id"], type=CPU)
    assert again["capacity"][0]["capacityused"] == 4000


async def test_capacity_of_pods_and_clusters(ground: Ground) -> None:
    admin = ground.api.admin
    second = await ground.add_cluster("second")
    await ground.join()
    busy = await ground.join(second, cpus=8)
    await ground.api.cloud.store.submit(TxnSpec("test.reserve").add(RESERVE, busy.id, 8000, 4, 0, 0))
    of_pod = await admin.call("listCapacity", podid=ground.pod["id"], type=CPU)
    assert [(c["podname"], c["capacitytotal"]) for c in of_pod["capacity"]] == [("pod1", 48000)]
    of_cluster = await admin.call("listCapacity", clusterid=second["id"], type=CPU)
    assert [(c["clustername"], c["percentused"]) for c in of_cluster["capacity"]] == [("second", "50")]
    busiest = await admin.call("listCapacity", sortby="usage", page=1, pagesize=1)
    assert busiest["capacity"][0]["clustername"] == "second"
    shown = (await admin.call("listClusters", id=second["id"], showcapacities=True))["cluster"][0]
    assert {c["type"]: c["capacitytotal"] for c in shown["capacity"]}[CPU] == 16000
    zone = (await admin.call("listZones", showcapacities=True))["zone"][0]
    assert {c["type"]: c["capacityused"] for c in zone["capacity"]}[CPU] == 8000


async def test_what_cannot_be_asked(ground: Ground) -> None:
    admin = ground.api.admin
    await refused(admin.call("listCapacity", type=77), 431, "Invalid parameter type 77")
    await refused(admin.call("listCapacity", sortby="colour"), 431, "give usage")
    assert "capacity" not in await admin.call("listCapacity", type=CPU)
