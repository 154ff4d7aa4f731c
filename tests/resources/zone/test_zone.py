"""Zones, told over HTTP."""

from __future__ import annotations

from tests.api import Api
from tests.ground import POD, ZONE, Ground
from tests.refusal import refused

from lakh.resources.account.row import DOMAIN_ADMIN


async def test_a_zone_is_made_changed_and_deleted(api: Api) -> None:
    admin = api.admin
    zone = (await admin.call("createZone", **ZONE, domain="cloud.example", guestcidraddress="10.8.0.0/16"))["zone"]
    assert (zone["networktype"], zone["allocationstate"], zone["securitygroupsenabled"], zone["type"]) == (
        "Advanced",
        "Disabled",
        False,
        "Core",
    )
    assert (zone["dns1"], zone["internaldns1"], zone["domain"], zone["guestcidraddress"]) == (
        "192.0.2.53",
        "192.0.2.54",
        "cloud.example",
        "10.8.0.0/16",
    )
    changed = await admin.call(
        "updateZone", id=zone["id"], name="north", allocationstate="enabled", dns2="192.0.2.55", domain="",
        details={"rack": "7"}, localstorageenabled=True, sortkey=3,
    )  # fmt: skip
    north = changed["zone"]
    assert (north["name"], north["allocationstate"], north["dns1"], north["dns2"], north["localstorageenabled"]) == (
        "north",
        "Enabled",
        "192.0.2.53",
        "192.0.2.55",
        True,
    )
    assert north["resourcedetails"] == {"rack": "7"}
    assert "domain" not in north

    assert await admin.call("deleteZone", id=zone["id"]) == {"success": True}
    assert await admin.call("listZones", id=zone["id"]) == {}
    await refused(admin.call("updateZone", id=zone["id"], name="x"), 431, "not deleted")


async def test_what_a_zone_may_not_be(api: Api) -> None:
    admin = api.admin
    await admin.call("createZone", **ZONE)
    await refused(admin.call("createZone", **ZONE), 431, "A zone with that name already exists")
    await refused(admin.call("createZone", **ZONE | {"networktype": "Fancy"}), 431, "Basic or Advanced")
    await refused(admin.call("createZone", **ZONE | {"dns1": "here"}), 431, "Invalid parameter dns1 here")
    await refused(
        admin.call("createZone", **ZONE | {"networktype": "Basic"}, guestcidraddress="10.0.0.0/8"), 431, "Basic zone"
    )
    await refused(admin.call("createZone", **ZONE, guestcidraddress="10.0.0.0"), 431, "guestcidraddress")
    await refused(admin.call("createZone", **ZONE, allocationstate="Broken"), 431, "Enabled or Disabled")
    basic = await admin.call("createZone", **ZONE | {"name": "b", "networktype": "basic"})
    assert basic["zone"]["securitygroupsenabled"] is True
    assert (await admin.call("listZones", networktype="Basic"))["zone"][0]["name"] == "b"


async def test_a_zone_with_something_in_it_stays(ground: Ground) -> None:
    admin = ground.api.admin
    await refused(admin.call("deleteZone", id=ground.zone["id"]), 431, "there are pods in this zone")
    await admin.call("deleteCluster", id=ground.cluster["id"])
    await admin.call("deletePod", id=ground.pod["id"])
    await admin.call("deleteZone", id=ground.zone["id"])
    await refused(admin.call("createPod", zoneid=ground.zone["id"], **POD), 431, "not deleted")


async def test_who_sees_which_zone(api: Api) -> None:
    sales = await api.domain("sales")
    north = await api.domain("north", sales)
    ann, bob = await api.user("ann", north), await api.user("bob")
    boss = await api.user("boss", sales, DOMAIN_ADMIN)
    admin = api.admin
    await admin.call("createZone", **ZONE | {"name": "all"}, allocationstate="Enabled")
    await admin.call("createZone", **ZONE | {"name": "sales"}, allocationstate="Enabled", domainid=sales.uuid)
    await admin.call("createZone", **ZONE | {"name": "closed"})

    async def names(tenant: object, **parameters: object) -> list[str]:
        listed = await tenant.call("listZones", **parameters)  # type: ignore[attr-defined]
        return [zone["name"] for zone in listed.get("zone", [])]

    assert await names(admin) == ["all", "sales", "closed"]
    assert await names(ann) == ["all", "sales"]
    assert await names(bob) == ["all"]
    assert await names(boss) == ["all", "sales", "closed"]
    assert await names(bob, available=False) == []
    assert await names(admin, domainid=north.uuid) == ["all", "sales", "closed"]
    assert await names(admin, domainid=bob.account and (await api.domain("other")).uuid) == ["all", "closed"]
    assert await names(admin, keyword="LOS") == ["closed"]
    assert await names(admin, page=2, pagesize=2) == ["closed"]
    seen = (await ann.call("listZones", name="sales", showcapacities=True))["zone"][0]
    assert (seen["domainname"], seen["networktype"]) == ("sales", "Advanced")
    assert not {"dns1", "internaldns1", "capacity"} & seen.keys()
    await refused(bob.call("createZone", **ZONE), 432, "not available for the account")
