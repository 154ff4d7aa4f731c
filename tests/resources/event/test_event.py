"""Events, told over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api import Api, Tenant
from tests.ground import ZONE, Ground
from tests.refusal import refused

from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.resources.command import event
from lakh.resources.event.row import INSERT
from lakh.store.statement import TxnSpec


async def happened(api: Api, tenant: Tenant, kind: str, text: str = "it happened", **facts: Any) -> None:
    owner = (tenant.account.id, tenant.account.domain_id)
    row = event(api.cloud, kind, facts.pop("state", "Completed"), text, tenant.user.id, owner, **facts)
    await api.cloud.store.submit(TxnSpec("test.event").put(INSERT, row))


async def types(tenant: Tenant, **parameters: Any) -> list[str]:
    return [e["type"] for e in (await tenant.call("listEvents", **parameters)).get("event", [])]


async def test_what_is_done_is_an_event(ground: Ground) -> None:
    admin = ground.api.admin
    listed = await admin.call("listEvents", type="ZONE.CREATE")
    made = listed["event"][0]
    assert listed["count"] == 1
    assert (made["username"], made["account"], made["state"], made["level"]) == ("admin", "admin", "Completed", "INFO")
    assert (made["resourcetype"], made["resourceid"], made["archived"]) == ("Zone", ground.zone["id"], False)
    assert made["description"] == "Zone zone1 created"
    await admin.call("updateZone", id=ground.zone["id"], name="z")
    about = await types(admin, resourceid=ground.zone["id"], resourcetype="Zone")
    assert about == ["ZONE.EDIT", "ZONE.CREATE"]
    await refused(admin.call("listEvents", resourceid=ground.zone["id"]), 431, "together")


async def test_filters(api: Api) -> None:
    await happened(api, api.admin, "A.ONE", "first of all")
    api.clock.forward(3600)
    await happened(api, api.admin, "A.TWO", "second", level="WARN", state="Started")
    assert await types(api.admin) == ["A.TWO", "A.ONE"]
    assert await types(api.admin, keyword="FIRST") == ["A.ONE"]
    assert await types(api.admin, level="warn") == ["A.TWO"]
    assert await types(api.admin, state="started") == ["A.TWO"]
    assert await types(api.admin, page=2, pagesize=1) == ["A.ONE"]
    day = (await api.admin.call("listEvents", type="A.TWO"))["event"][0]["created"]
    assert await types(api.admin, startdate=day[:19].replace("T", " ")) == ["A.TWO"]
    one = (await api.admin.call("listEvents", type="A.ONE"))["event"][0]["id"]
    assert await types(api.admin, id=one) == ["A.ONE"]


async def test_who_sees_and_archives_what(api: Api) -> None:
    sales = await api.domain("sales")
    ann, bob = await api.user("ann", sales), await api.user("bob")
    boss = await api.user("boss", sales, DOMAIN_ADMIN)
    for tenant in (ann, bob, boss):
        await happened(api, tenant, f"OF.{tenant.account.name.upper()}")
    assert await types(ann, listall=True) == ["OF.ANN"]
    assert await types(boss, listall=True) == ["OF.BOSS", "OF.ANN"]
    assert await types(boss) == ["OF.BOSS"]
    assert await types(api.admin, listall=True) == ["OF.BOSS", "OF.BOB", "OF.ANN"]
    assert await types(api.admin, account="ann", domainid=sales.uuid) == ["OF.ANN"]
    bobs = (await bob.call("listEvents"))["event"][0]["id"]
    await refused(ann.call("archiveEvents", ids=bobs), 431, "is not yours")
    await refused(ann.call("deleteEvents"), 431, "either ids, type or enddate")

    await boss.call("archiveEvents", type="OF.ANN")
    assert await types(ann) == []
    assert await types(ann, archived=True) == ["OF.ANN"]
    await api.admin.call("deleteEvents", ids=bobs)
    assert await types(bob) == []
    assert await types(bob, archived=True) == []


async def test_many_events_are_deleted_in_portions(api: Api) -> None:
    txn = TxnSpec("test.events")
    await api.cloud.row_ids.reserve("event", 1200)
    owner = (api.admin.account.id, api.admin.account.domain_id)
    for _ in range(1200):
        txn.put(INSERT, event(api.cloud, "MANY", "Completed", "one of many", api.admin.user.id, owner))
    await api.cloud.store.submit(txn)
    await api.admin.call("createZone", **ZONE)
    await api.admin.call("deleteEvents", type="MANY")
    assert await types(api.admin) == ["ZONE.CREATE"]
