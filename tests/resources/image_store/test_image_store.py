"""Secondary storage, told over HTTP."""

from __future__ import annotations

from tests.ground import Ground
from tests.refusal import refused


async def test_image_stores_are_added_and_listed(ground: Ground) -> None:
    admin, zone = ground.api.admin, ground.zone["id"]
    made = await admin.call("addImageStore", provider="NFS", url="nfs://192.0.2.11/exp/", zoneid=zone, name="second")
    store = made["imagestore"]
    assert (store["name"], store["url"], store["protocol"], store["providername"], store["scope"]) == (
        "second",
        "nfs://192.0.2.11/exp",
        "nfs",
        "NFS",
        "ZONE",
    )
    assert (store["zonename"], store["readonly"]) == ("zone1", False)
    older = await admin.call("addSecondaryStorage", url="nfs://192.0.2.11/other", zoneid=zone)
    assert older["secondarystorage"]["name"] == "nfs://192.0.2.11/other"
    assert (await admin.call("listImageStores", provider="nfs", zoneid=zone))["count"] == 2
    assert (await admin.call("listImageStores", name="second"))["imagestore"][0]["id"] == store["id"]
    assert await admin.call("listImageStores", readonly=True) == {}


async def test_what_an_image_store_may_not_be(ground: Ground) -> None:
    admin, zone = ground.api.admin, ground.zone["id"]
    await refused(admin.call("addImageStore", provider="S3", url="s3://x", zoneid=zone), 431, "give NFS")
    await refused(admin.call("addImageStore", provider="NFS", url="nfs://host", zoneid=zone), 431, "nfs://host/path")
    await refused(admin.call("addImageStore", provider="NFS", url="nfs://h/p"), 431, "give zoneid")
    await admin.call("addImageStore", provider="NFS", url="nfs://h/p", zoneid=zone, name="one")
    await refused(admin.call("addImageStore", provider="NFS", url="nfs://h/p", zoneid=zone), 431, "already uses")
    await refused(admin.call("addImageStore", provider="NFS", url="nfs://h/q", zoneid=zone, name="one"), 431, "exists")
