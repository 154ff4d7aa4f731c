"""Every filter of the lists of zones, pods, clusters, hosts and pools, by two values each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from tests.filters import Filters
from tests.ground import Ground


@dataclass
class Places:
    """Two of everything: the second zone has one pod, one cluster, one host of its own."""

    ground: Ground
    zone: dict[str, Any]
    pod: dict[str, Any]
    cluster: dict[str, Any]


@pytest.fixture
async def places(ground: Ground) -> Places:
    admin = ground.api.admin
    zone = (
        await admin.call("createZone", name="west", networktype="Advanced", dns1="192.0.2.9", internaldns1="10.9.9.9")
    )["zone"]
    pod = (
        await admin.call(
            "createPod", zoneid=zone["id"], name="west-pod", gateway="10.9.0.1", netmask="255.255.255.0",
            startip="10.9.0.10", endip="10.9.0.20", allocationstate="Disabled",
        )
    )["pod"]  # fmt: skip
    (cluster,) = (
        await admin.call(
            "addCluster", zoneid=zone["id"], podid=pod["id"], clustername="west-cluster", clustertype="CloudManaged",
            hypervisor="KVM", allocationstate="Disabled", arch="aarch64",
        )
    )["cluster"]  # fmt: skip
    return Places(ground, zone, pod, cluster)


async def test_zones(places: Places) -> None:
    first, second = places.ground.zone, places.zone
    zones = Filters(places.ground.api.admin, "listZones", "zone")
    await zones.tell("id", {first["id"]: ["zone1"], second["id"]: ["west"]})
    await zones.tell("ids", {first["id"]: ["zone1"], f"{first['id']},{second['id']}": ["west", "zone1"]})
    await zones.tell("name", {"west": ["west"], "zone1": ["zone1"], "nowhere": []})
    await zones.tell("keyword", {"WES": ["west"], "one": ["zone1"]})
    await zones.tell("networktype", {"Advanced": ["west", "zone1"], "Basic": []})
    await zones.pages()
    for wanted in (True, False):
        answer = await places.ground.api.admin.call("listZones", id=first["id"], showcapacities=wanted)
        assert ("capacity" in answer["zone"][0]) is wanted


async def test_pods(places: Places) -> None:
    pods = Filters(places.ground.api.admin, "listPods", "pod")
    await pods.tell("id", {places.ground.pod["id"]: ["pod1"], places.pod["id"]: ["west-pod"]})
    await pods.tell("zoneid", {places.ground.zone["id"]: ["pod1"], places.zone["id"]: ["west-pod"]})
    await pods.tell("name", {"pod1": ["pod1"], "west-pod": ["west-pod"]})
    await pods.tell("keyword", {"WEST": ["west-pod"], "pod": ["pod1", "west-pod"]})
    await pods.tell("allocationstate", {"Enabled": ["pod1"], "Disabled": ["west-pod"]})
    await pods.pages()
    for wanted in (True, False):
        answer = await places.ground.api.admin.call("listPods", showcapacities=wanted, name="pod1")
        assert ("capacity" in answer["pod"][0]) is wanted


async def test_clusters(places: Places) -> None:
    ground = places.ground
    clusters = Filters(ground.api.admin, "listClusters", "cluster")
    first, second = ["cluster1"], ["west-cluster"]
    await clusters.tell("id", {ground.cluster["id"]: first, places.cluster["id"]: second})
    await clusters.tell("zoneid", {ground.zone["id"]: first, places.zone["id"]: second})
    await clusters.tell("podid", {ground.pod["id"]: first, places.pod["id"]: second})
    await clusters.tell("name", {"cluster1": first, "west-cluster": second})
    await clusters.tell("keyword", {"WEST": second, "cluster": first + second})
    await clusters.tell("allocationstate", {"Enabled": first, "Disabled": second})
    await clusters.tell("arch", {"x86_64": first, "aarch64": second})
    await clusters.tell("hypervisor", {"KVM": first + second, "XenServer": []})
    await clusters.tell("clustertype", {"CloudManaged": first + second, "ExternalManaged": []})
    await clusters.tell("managedstate", {"Managed": first + second, "Unmanaged": []})
    await clusters.pages()
    for wanted in (True, False):
        answer = await ground.api.admin.call("listClusters", showcapacities=wanted, name="cluster1")
        assert ("capacity" in answer["cluster"][0]) is wanted


async def test_hosts(places: Places) -> None:
    ground = places.ground
    admin = ground.api.admin
    one, two = await ground.join(), await ground.join(await ground.add_cluster("cluster2"))
    (cluster,) = (await admin.call("listClusters", name="cluster2"))["cluster"]
    await admin.call("updateHost", id=two.uuid, allocationstate="Disable", hosttags="fast")
    hosts = Filters(admin, "listHosts", "host", type="Routing")
    first, second = [one.name], [two.name]
    await hosts.tell("id", {one.uuid: first, two.uuid: second})
    await hosts.tell("name", {one.name: first, two.name: second})
    await hosts.tell("keyword", {one.name: first, "kvm": first + second})
    await hosts.tell("clusterid", {ground.cluster["id"]: first, cluster["id"]: second})
    await hosts.tell("podid", {ground.pod["id"]: first + second, places.pod["id"]: []})
    await hosts.tell("zoneid", {ground.zone["id"]: first + second, places.zone["id"]: []})
    await hosts.tell("resourcestate", {"Enabled": first, "Disabled": second})
    await hosts.tell("state", {"Up": first + second, "Down": []})
    await hosts.tell("arch", {"x86_64": first + second, "aarch64": []})
    await hosts.tell("hypervisor", {"KVM": first + second, "XenServer": []})
    await hosts.tell("outofbandmanagementenabled", {True: [], False: first + second})
    await hosts.tell("outofbandmanagementpowerstate", {"On": [], "Disabled": first + second})
    await hosts.pages()
    every = Filters(admin, "listHosts", "host")
    await every.tell("type", {"Routing": first + second, "ConsoleProxy": []})
    for details, shown in (("min", False), ("all", True)):
        answer = await admin.call("listHosts", id=one.uuid, details=details)
        assert ("memorytotal" in answer["host"][0] and "events" in answer["host"][0]) is shown


async def test_pools(places: Places) -> None:
    ground = places.ground
    admin = ground.api.admin
    host = await ground.join()
    wide = await ground.add_pool("wide", scope="ZONE", hypervisor="KVM")
    narrow = await ground.add_pool(
        "narrow", scope="CLUSTER", podid=ground.pod["id"], clusterid=ground.cluster["id"],
        url="nfs://192.0.2.77/export/other",
    )  # fmt: skip
    second = await ground.add_cluster("cluster2")
    pools = Filters(admin, "listStoragePools", "storagepool")
    await pools.tell("id", {wide["id"]: ["wide"], narrow["id"]: ["narrow"]})
    await pools.tell("name", {"wide": ["wide"], "narrow": ["narrow"]})
    await pools.tell("keyword", {"WID": ["wide"], "narr": ["narrow"]})
    await pools.tell("scope", {"ZONE": ["wide"], "CLUSTER": ["narrow"]})
    await pools.tell("ipaddress", {"192.0.2.10": ["wide"], "192.0.2.77": ["narrow"]})
    await pools.tell("path", {"/export/wide": ["wide"], "/export/other": ["narrow"]})
    await pools.tell("zoneid", {ground.zone["id"]: ["narrow", "wide"], places.zone["id"]: []})
    await pools.tell("status", {"Up": ["narrow", "wide"], "Maintenance": []})
    await pools.pages()
    await pools.tell("clusterid", {ground.cluster["id"]: ["narrow"], second["id"]: []}, scope="CLUSTER")
    assert host.uuid
