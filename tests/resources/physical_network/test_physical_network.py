"""Physical networks, their traffic and providers, and VLAN IP ranges, through the API."""

from __future__ import annotations

from tests.api import Api
from tests.networks import bare_zone, enable_provider, site
from tests.refusal import refused


async def test_an_operator_sets_up_a_physical_network(api: Api) -> None:
    zone = await bare_zone(api)
    made = await api.admin.job(
        "createPhysicalNetwork", zoneid=zone.uuid, name="physical1", vlan="100-199,300", isolationmethods="vlan"
    )
    shown = made["physicalnetwork"]
    assert (shown["state"], shown["vlan"], shown["isolationmethods"]) == ("Disabled", "100-199,300", "VLAN")
    assert (shown["zonename"], shown["broadcastdomainrange"]) == ("zone1", "ZONE")
    physical = made["id"]

    for kind, label in (("guest", "cloudbr1"), ("Public", "cloudbr0")):
        added = await api.admin.job(
            "addTrafficType", physicalnetworkid=physical, traffictype=kind, kvmnetworklabel=label
        )
        assert added["traffictype"]["traffictype"] == kind.capitalize()
        assert added["traffictype"]["kvmnetworklabel"] == label
    listed = await api.admin.call("listTrafficTypes", physicalnetworkid=physical)
    assert [(t["traffictype"], t["kvmnetworklabel"]) for t in listed["traffictype"]] == [
        ("Guest", "cloudbr1"),
        ("Public", "cloudbr0"),
    ]
    await api.admin.job("updateTrafficType", id=listed["traffictype"][0]["id"], kvmnetworklabel="br-guest")
    listed = await api.admin.call("listTrafficTypes", physicalnetworkid=physical)
    assert listed["traffictype"][0]["kvmnetworklabel"] == "br-guest"

    await api.admin.job("updatePhysicalNetwork", id=physical, state="enabled", networkspeed="10G", vlan="100-150")
    found = (await api.admin.call("listPhysicalNetworks", zoneid=zone.uuid))["physicalnetwork"]
    assert [(p["state"], p["networkspeed"], p["vlan"]) for p in found] == [("Enabled", "10G", "100-150")]
    assert await api.admin.call("listPhysicalNetworks", name="other") == {}


async def test_a_router_element_is_enabled_before_its_provider(api: Api) -> None:
    zone = await bare_zone(api)
    physical = (await api.admin.job("createPhysicalNetwork", zoneid=zone.uuid, name="p"))["id"]
    providers = (await api.admin.call("listNetworkServiceProviders", physicalnetworkid=physical))[
        "networkserviceprovider"
    ]
    by_name = {p["name"]: p for p in providers}
    assert {"VirtualRouter", "SecurityGroupProvider", "VpcVirtualRouter", "ConfigDrive", "InternalLbVm"} <= set(by_name)
    assert {p["state"] for p in providers} == {"Disabled"}
    assert "Dhcp" in by_name["VirtualRouter"]["servicelist"]
    router = by_name["VirtualRouter"]["id"]
    await refused(
        api.admin.job("updateNetworkServiceProvider", id=router, state="Enabled"), 530, "Provider is not ready"
    )
    await enable_provider(api, physical, "VirtualRouter")
    enabled = await api.admin.call("listNetworkServiceProviders", physicalnetworkid=physical, state="enabled")
    assert [p["name"] for p in enabled["networkserviceprovider"]] == ["VirtualRouter"]
    assert (await api.admin.call("listVirtualRouterElements", enabled=True))["count"] == 1
    await refused(api.admin.job("createVirtualRouterElement", nspid=router), 431, "already a virtual router element")

    await api.admin.job("deleteNetworkServiceProvider", id=by_name["ConfigDrive"]["id"])
    again = await api.admin.job(
        "addNetworkServiceProvider", physicalnetworkid=physical, name="configdrive", servicelist="UserData"
    )
    assert again["networkserviceprovider"]["servicelist"] == ["UserData"]
    await refused(
        api.admin.job("addNetworkServiceProvider", physicalnetworkid=physical, name="ConfigDrive"),
        431,
        "already exists",
    )


async def test_wrong_physical_networks_are_refused(api: Api) -> None:
    zone = await bare_zone(api)
    for parameters, text in (
        ({"vlan": "200-100"}, "the lower one first"),
        ({"vlan": "100-200,150"}, "overlap at 150"),
        ({"vlan": "ten"}, "give ranges such as"),
        ({"vlan": "4000-5000"}, "VLAN ids go from 0 to 4094"),
        ({"isolationmethods": "SMOKE"}, "Invalid isolationmethods SMOKE"),
        ({"broadcastdomainrange": "Moon"}, "give Zone or Pod"),
        ({"tags": "a,b"}, "Only one tag"),
    ):
        await refused(api.admin.job("createPhysicalNetwork", zoneid=zone.uuid, name="p", **parameters), 431, text)
    big = await api.admin.job(
        "createPhysicalNetwork", zoneid=zone.uuid, name="p", isolationmethods="VXLAN", vlan="5000-90000"
    )
    assert big["physicalnetwork"]["vlan"] == "5000-90000"
    joe = await api.user("joe")
    await refused(joe.call("listPhysicalNetworks"), 432, "is not available for the account joe")


async def test_traffic_is_carried_once(api: Api) -> None:
    here = await site(api)
    await refused(
        api.admin.job("addTrafficType", physicalnetworkid=here.physical, traffictype="Public"), 431, "already supports"
    )
    other = (await api.admin.job("createPhysicalNetwork", zoneid=here.zone_id, name="second"))["id"]
    await refused(
        api.admin.job("addTrafficType", physicalnetworkid=other, traffictype="Public"), 431, "already has a physical"
    )
    await api.admin.job("addTrafficType", physicalnetworkid=other, traffictype="Guest")
    await refused(
        api.admin.job("addTrafficType", physicalnetworkid=other, traffictype="Smoke"), 431, "Invalid parameter traffic"
    )
    guest = (await api.admin.call("listTrafficTypes", physicalnetworkid=other))["traffictype"][0]["id"]
    await api.admin.job("deleteTrafficType", id=guest)
    assert await api.admin.call("listTrafficTypes", physicalnetworkid=other) == {}
    assert await api.admin.job("deletePhysicalNetwork", id=other)
    assert (await api.admin.call("listPhysicalNetworks"))["count"] == 1


async def test_public_ranges_neither_overlap_nor_leave_their_subnet(api: Api) -> None:
    here = await site(api)
    ranges = await api.admin.call("listVlanIpRanges", zoneid=here.zone_id)
    (first,) = ranges["vlaniprange"]
    assert (first["startip"], first["endip"], first["vlan"]) == ("192.0.2.101", "192.0.2.150", "vlan://untagged")
    assert (first["forvirtualnetwork"], first["cidr"]) == (True, "192.0.2.0/24")
    common = {"zoneid": here.zone_id, "forvirtualnetwork": True, "gateway": "192.0.2.1", "netmask": "255.255.255.0"}
    for parameters, text in (
        ({"startip": "192.0.2.150", "endip": "192.0.2.160"}, "overlaps"),
        ({"startip": "192.0.3.1", "endip": "192.0.3.9"}, "is not in the subnet"),
        ({"startip": "192.0.2.170", "endip": "192.0.2.160"}, "must not lie behind"),
        ({"startip": "192.0.2.170", "vlan": "9999"}, "Invalid parameter vlan 9999"),
        ({}, "Give gateway, netmask and startip"),
    ):
        await refused(api.admin.call("createVlanIpRange", **common, **parameters), 431, text)
    made = (await api.admin.call("createVlanIpRange", **common, startip="192.0.2.160", vlan="77"))["vlan"]
    assert (made["startip"], made["endip"], made["vlan"]) == ("192.0.2.160", "192.0.2.160", "vlan://77")
    assert (await api.admin.call("listVlanIpRanges", vlan="77"))["count"] == 1
    assert await api.admin.call("deleteVlanIpRange", id=made["id"]) == {"success": True}
    assert (await api.admin.call("listVlanIpRanges", forvirtualnetwork=True))["count"] == 1
