"""Service, disk and network offerings through the API: what is there at first, and what operators make."""

from __future__ import annotations

from tests.api import Api
from tests.networks import bare_zone
from tests.refusal import refused

from lakh.resources.account.row import DOMAIN_ADMIN


async def test_a_fresh_cloud_has_offerings(api: Api) -> None:
    services = await api.admin.call("listServiceOfferings")
    assert [s["name"] for s in services["serviceoffering"]] == ["Small Instance", "Medium Instance"]
    small = services["serviceoffering"][0]
    assert (small["cpunumber"], small["cpuspeed"], small["memory"]) == (1, 500, 512)
    assert small["diskofferingid"] is not None
    system = await api.admin.call("listServiceOfferings", issystem=True, systemvmtype="domainrouter")
    assert system["count"] == 2
    disks = await api.admin.call("listDiskOfferings")
    assert [(d["name"], d["disksize"]) for d in disks["diskoffering"]] == [
        ("Small", 5),
        ("Medium", 20),
        ("Large", 100),
        ("Custom", 0),
    ]
    networks = await api.admin.call("listNetworkOfferings", guestiptype="l2")
    assert {n["guestiptype"] for n in networks["networkoffering"]} == {"L2"}
    nat = await api.admin.call("listNetworkOfferings", name="DefaultIsolatedNetworkOfferingWithSourceNatService")
    services_of = {s["name"]: s for s in nat["networkoffering"][0]["service"]}
    assert services_of["Dhcp"]["provider"] == [{"name": "VirtualRouter"}]
    assert {"name": "SupportedSourceNatTypes", "value": "peraccount", "canchooseservicecapability": True} in (
        services_of["SourceNat"]["capability"]
    )


async def test_a_service_offering_lives_and_dies(api: Api) -> None:
    made = (
        await api.admin.call(
            "createServiceOffering", name="big", displaytext="Big one", cpunumber=4, cpuspeed=2000, memory=8192,
            hosttags="ssd", tags="fast", networkrate=500, offerha=True, rootdisksize=20,
            serviceofferingdetails=[{"key": "tier", "value": "gold"}],
        )
    )["serviceoffering"]  # fmt: skip
    assert (made["cpunumber"], made["memory"], made["hosttags"], made["storagetags"]) == (4, 8192, "ssd", "fast")
    assert (made["networkrate"], made["offerha"], made["rootdisksize"], made["state"]) == (500, True, 20, "Active")
    assert made["serviceofferingdetails"] == {"tier": "gold"}
    assert (await api.admin.call("listDiskOfferings"))["count"] == 4, "its own disk offering is not listed"

    changed = await api.admin.call("updateServiceOffering", id=made["id"], name="bigger", sortkey=-1, hosttags="")
    assert changed["serviceoffering"]["name"] == "bigger"
    listed = (await api.admin.call("listServiceOfferings"))["serviceoffering"]
    assert [s["name"] for s in listed] == ["bigger", "Small Instance", "Medium Instance"]
    assert "hosttags" not in listed[0]
    assert (await api.admin.call("listServiceOfferings", keyword="BIGG"))["count"] == 1
    await api.admin.call("updateServiceOffering", id=made["id"], state="Inactive")
    assert (await api.admin.call("listServiceOfferings"))["count"] == 2
    assert (await api.admin.call("listServiceOfferings", state="all"))["count"] == 3
    assert await api.admin.call("deleteServiceOffering", id=made["id"]) == {"success": True}
    assert await api.admin.call("listServiceOfferings", id=made["id"]) == {}
    await refused(api.admin.call("deleteServiceOffering", id=made["id"]), 431, "must name one that is not deleted")


async def test_wrong_service_offerings_are_refused(api: Api) -> None:
    fixed = {"cpunumber": 1, "cpuspeed": 500, "memory": 512}
    for parameters, text in (
        ({"cpunumber": 1, "cpuspeed": 500}, "specify the memory value between 32"),
        (fixed | {"memory": 16}, "specify the memory value between 32"),
        (fixed | {"cpunumber": 0}, "specify the cpunumber value"),
        (fixed | {"deploymentplanner": "Dice"}, "Invalid name of deployment planner Dice"),
        (
            fixed
            | {"deploymentplanner": "ImplicitDedicationPlanner"}
            | {"serviceofferingdetails[0].key": "ImplicitDedicationMode"}
            | {"serviceofferingdetails[0].value": "preferred"},
            "ImplicitDedicationMode is 'preferred'; ImplicitDedicationPlanner takes Strict or Preferred",
        ),
        (fixed | {"storagetype": "tape"}, "give shared, local"),
        (fixed | {"issystem": True, "systemvmtype": "toaster"}, "Invalid systemvmtype toaster"),
        (fixed | {"miniops": 10}, "Either both miniops and maxiops"),
        ({"mincpunumber": 4, "maxcpunumber": 2}, "must not be above maxcpunumber"),
    ):
        await refused(api.admin.call("createServiceOffering", name="x", **parameters), 431, text)
    custom = await api.admin.call("createServiceOffering", name="custom", mincpunumber=1, maxcpunumber=8)
    assert custom["serviceoffering"]["iscustomized"] is True
    assert custom["serviceoffering"]["serviceofferingdetails"] == {"mincpunumber": "1", "maxcpunumber": "8"}
    system = (await api.admin.call("listServiceOfferings", issystem=True))["serviceoffering"][0]
    await refused(api.admin.call("deleteServiceOffering", id=system["id"]), 431, "Default service offerings")


async def test_offerings_of_a_domain_are_for_its_subtree(api: Api) -> None:
    sales, tech = await api.domain("sales"), await api.domain("tech")
    north = await api.domain("north", sales)
    boss = await api.user("boss", sales, DOMAIN_ADMIN)
    amy, bob, ann = await api.user("amy", sales), await api.user("bob", tech), await api.user("ann", north)
    await refused(boss.call("createDiskOffering", name="pub", disksize=1), 531, "Only root admins make public")
    await refused(boss.call("createDiskOffering", name="t", disksize=1, domainid=tech.uuid), 531, "within domain")
    made = (await boss.call("createDiskOffering", name="sales disk", disksize=7, domainid=sales.uuid))["diskoffering"]
    assert (made["domainid"], made["domain"]) == (sales.uuid, "ROOT/sales")
    for who, count in ((amy, 5), (ann, 5), (bob, 4), (boss, 5), (api.admin, 5)):
        assert (await who.call("listDiskOfferings"))["count"] == count
    small = (await boss.call("listDiskOfferings", name="Small"))["diskoffering"][0]["id"]
    await refused(boss.call("updateDiskOffering", id=small, name="mine"), 531, "does not administer")
    renamed = await boss.call("updateDiskOffering", id=made["id"], name="our disk", displayoffering=False)
    assert renamed["diskoffering"]["name"] == "our disk"
    assert (await amy.call("listDiskOfferings"))["count"] == 4, "hidden ones are for root admins"
    await api.admin.call("updateDiskOffering", id=made["id"], domainid="public", displayoffering=True)
    assert (await bob.call("listDiskOfferings"))["count"] == 5
    await refused(amy.call("createDiskOffering", name="x", disksize=1), 432, "not available for the account amy")


async def test_wrong_disk_offerings_are_refused(api: Api) -> None:
    for parameters, text in (
        ({}, "give a size of 1 GiB or more"),
        ({"customized": True, "disksize": 5}, "has no size of its own"),
        ({"disksize": 5000}, "above the limit"),
        ({"disksize": 1, "provisioningtype": "huge"}, "give thin, sparse, fat"),
        ({"disksize": 1, "miniops": 9, "maxiops": 3}, "miniops must not be greater"),
        ({"disksize": 1, "bytesreadrate": -1}, "rates must not be negative"),
    ):
        await refused(api.admin.call("createDiskOffering", name="x", **parameters), 431, text)
    made = await api.admin.call("createDiskOffering", name="x", disksize=1, bytesreadrate=100, zoneid="")
    assert made["diskoffering"]["diskBytesReadRate"] == 100
    assert await api.admin.call("deleteDiskOffering", id=made["diskoffering"]["id"]) == {"success": True}
    assert (await api.admin.call("listDiskOfferings"))["count"] == 4


async def test_a_network_offering_is_made_enabled_and_deleted(api: Api) -> None:
    zone = await bare_zone(api)
    made = (
        await api.admin.call(
            "createNetworkOffering", name="mine", traffictype="Guest", guestiptype="isolated",
            supportedservices="Dhcp,Dns,UserData,SourceNat", egressdefaultpolicy=True, zoneid=zone.uuid,
            serviceproviderlist=[{"service": s, "provider": "VirtualRouter"} for s in ("Dhcp", "Dns", "SourceNat")],
            servicecapabilitylist=[
                {"service": "SourceNat", "capabilitytype": "SupportedSourceNatTypes", "capabilityvalue": "perzone"}
            ],
        )
    )["networkoffering"]  # fmt: skip
    assert (made["state"], made["guestiptype"], made["egressdefaultpolicy"]) == ("Disabled", "Isolated", True)
    assert made["zoneid"] == zone.uuid
    assert [s["name"] for s in made["service"]] == ["Dhcp", "Dns", "UserData", "SourceNat"]
    values = {c["name"]: c["value"] for c in made["service"][3]["capability"]}
    assert values["SupportedSourceNatTypes"] == "perzone"
    enabled = await api.admin.call("updateNetworkOffering", id=made["id"], state="Enabled", availability="required")
    assert (enabled["networkoffering"]["state"], enabled["networkoffering"]["availability"]) == ("Enabled", "Required")
    assert (await api.admin.call("listNetworkOfferings", isdefault=False, state="enabled"))["count"] == 1
    found = await api.admin.call("listNetworkOfferings", supportedservices="SourceNat,Lb", isdefault=False)
    assert found == {}
    assert await api.admin.call("deleteNetworkOffering", id=made["id"]) == {"success": True}
    default = (await api.admin.call("listNetworkOfferings"))["networkoffering"][0]["id"]
    await refused(api.admin.call("deleteNetworkOffering", id=default), 431, "Default network offerings")


async def test_wrong_network_offerings_are_refused(api: Api) -> None:
    guest = {"name": "x", "traffictype": "Guest"}
    for parameters, text in (
        ({"guestiptype": "Cube"}, "Invalid guest type Cube"),
        ({"guestiptype": "Shared"}, "specifyvlan=true"),
        ({"guestiptype": "Isolated", "supportedservices": "Tea"}, "Invalid service name specified: Tea"),
        ({"guestiptype": "L2", "supportedservices": "Dhcp"}, "L2 network offerings support UserData only"),
        (
            {
                "guestiptype": "Isolated",
                "supportedservices": "Dhcp",
                "serviceproviderlist": [{"service": "Dhcp", "provider": "SecurityGroupProvider"}],
            },
            "doesn't support service Dhcp",
        ),
        ({"guestiptype": "Isolated", "supportedservices": "Gateway"}, "needs service SourceNat"),
    ):
        await refused(api.admin.call("createNetworkOffering", **guest, **parameters), 431, text)
    await refused(
        api.admin.call("createNetworkOffering", name="x", traffictype="Public", guestiptype="Isolated"), 431, "Guest"
    )
