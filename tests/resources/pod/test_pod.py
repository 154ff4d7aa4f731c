"""Pods, told over HTTP."""

from __future__ import annotations

from tests.ground import POD, ZONE, Ground
from tests.refusal import refused


async def test_a_pod_is_made_changed_and_deleted(ground: Ground) -> None:
    admin, pod = ground.api.admin, ground.pod
    assert (pod["name"], pod["zonename"], pod["allocationstate"]) == ("pod1", "zone1", "Enabled")
    assert (pod["startip"], pod["endip"], pod["forsystemvms"]) == (["10.1.255.1"], ["10.1.255.250"], ["0"])
    assert pod["ipranges"] == [
        {
            "gateway": "10.1.0.1",
            "cidr": "10.1.0.0/16",
            "startip": "10.1.255.1",
            "endip": "10.1.255.250",
            "forsystemvms": "0",
            "vlanid": "untagged",
        }
    ]
    changed = await admin.call("updatePod", id=pod["id"], name="podA", endip="10.1.255.9", allocationstate="Disabled")
    assert (changed["pod"]["name"], changed["pod"]["endip"], changed["pod"]["allocationstate"]) == (
        "podA",
        ["10.1.255.9"],
        "Disabled",
    )
    listed = await admin.call("listPods", showcapacities=True, zoneid=ground.zone["id"], allocationstate="disabled")
    assert (
        listed["pod"][0]["capacity"][0] | {"name": "PRIVATE_IP", "capacityused": 0, "capacitytotal": 9}
        == listed["pod"][0]["capacity"][0]
    )
    assert await admin.call("listPods", allocationstate="Enabled") == {}

    await refused(admin.call("deletePod", id=pod["id"]), 431, "there are clusters in this pod")
    await admin.call("deleteCluster", id=ground.cluster["id"])
    await admin.call("deletePod", id=pod["id"])
    assert await admin.call("listPods") == {}


async def test_pods_of_a_zone_share_no_address(ground: Ground) -> None:
    admin, zone = ground.api.admin, ground.zone["id"]
    await refused(admin.call("createPod", zoneid=zone, **POD), 431, "overlaps 10.1.255.1-10.1.255.250 of pod pod1")
    await refused(
        admin.call("createPod", zoneid=zone, **POD | {"startip": "10.1.254.1", "endip": "10.1.254.9"}),
        431,
        "A pod with name pod1 already exists",
    )
    other = (await admin.call("createZone", **ZONE | {"name": "zone2"}))["zone"]
    assert (await admin.call("createPod", zoneid=other["id"], **POD))["pod"]["zonename"] == "zone2"


async def test_what_a_pod_may_not_be(ground: Ground) -> None:
    admin, zone = ground.api.admin, ground.zone["id"]
    pod = POD | {"name": "pod2", "startip": "10.2.0.9", "endip": "10.2.0.20", "gateway": "10.2.0.1"}
    await refused(admin.call("createPod", zoneid=zone, **pod | {"netmask": "255.0.255.0"}), 431, "netmask")
    await refused(admin.call("createPod", zoneid=zone, **pod | {"endip": "10.2.0.8"}), 431, "must not lie behind")
    await refused(admin.call("createPod", zoneid=zone, **pod | {"endip": "10.3.0.8"}), 431, "not in the subnet")
    await refused(admin.call("createPod", zoneid=zone, **pod | {"startip": "10.2.0.1"}), 431, "must not lie in the")
    await refused(admin.call("createPod", zoneid=zone, name="pod2"), 431, "missing parameter gateway")
    made = await admin.call("createPod", zoneid=zone, **{k: v for k, v in pod.items() if k != "endip"})
    assert made["pod"]["endip"] == ["10.2.255.254"]
