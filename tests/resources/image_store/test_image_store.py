"""Secondary storage, told over HTTP."""

from __future__ import annotations

from tests.blank import blank
from tests.ground import Ground
from tests.refusal import refused

from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.template.row import DELETE_STORE, INSERT, INSERT_STORE, TemplateRow, TemplateStoreRow
from lakh.store.statement import TxnSpec


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


async def test_an_image_store_is_changed_and_deleted(ground: Ground) -> None:
    admin, zone = ground.api.admin, ground.zone["id"]
    made = await admin.call("addImageStore", provider="NFS", url="nfs://h/p", zoneid=zone)
    store = made["imagestore"]["id"]
    changed = await admin.call("updateImageStore", id=store, name="archive", readonly=True, capacitybytes=1 << 40)
    assert (changed["imagestore"]["name"], changed["imagestore"]["readonly"]) == ("archive", True)
    assert changed["imagestore"]["disksizetotal"] == 1 << 40
    assert (await admin.call("listImageStores", readonly=True))["count"] == 1
    capacity = await admin.call("listCapacity", type=6, zoneid=zone)
    assert capacity["capacity"][0]["capacitytotal"] == 1 << 40

    template = await put_template(ground, store)
    await refused(admin.call("deleteImageStore", id=store), 536, "it holds templates")
    await ground.api.cloud.store.submit(TxnSpec("test.remove").add(DELETE_STORE, *template))
    await admin.call("deleteImageStore", id=store)
    assert await admin.call("listImageStores") == {}


async def put_template(ground: Ground, store_uuid: str) -> tuple[int, int]:
    cloud = ground.api.cloud
    store = (await cloud.snapshots.of(ImageStoreRow)).by_uuid[store_uuid]
    template = blank(cloud, TemplateRow, name="t", type="USER", account_id=2, domain_id=1, state="Active")
    copy = blank(cloud, TemplateStoreRow, template_id=template.id, store_id=store.id, zone_id=store.zone_id)
    await cloud.store.submit(TxnSpec("test.template").put(INSERT, template).put(INSERT_STORE, copy))
    return template.id, store.id


async def test_how_much_of_everything_there_is(ground: Ground) -> None:
    admin = ground.api.admin
    await ground.join()
    await ground.add_pool()
    found = (await admin.call("listInfrastructure"))["infrastructure"]
    assert (found["zones"], found["pods"], found["clusters"], found["hosts"], found["cpusockets"]) == (1, 1, 1, 1, 2)
    assert (found["storagepools"], found["imagestores"], found["alerts"], found["routers"]) == (1, 0, 0, 0)
