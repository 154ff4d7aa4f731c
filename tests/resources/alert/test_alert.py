"""Alerts, told over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api import Api
from tests.ground import Ground
from tests.refusal import refused

from lakh.resources.alert.raising import alert, kind_of


async def names(api: Api, **parameters: Any) -> list[str]:
    return [a["description"] for a in (await api.admin.call("listAlerts", **parameters)).get("alert", [])]


async def test_an_alert_is_raised_listed_archived_and_deleted(ground: Ground) -> None:
    api = ground.api
    for text in ("fire", "water"):
        done = await api.admin.job("generateAlert", type=7, name="ALERT.COMPUTE.HOST", description=text,
                                   zoneid=ground.zone["id"])  # fmt: skip
        assert done["success"] is True
    await api.admin.job("generateAlert", type=14, name="ALERT.MANAGEMENT", description="earth")
    assert await names(api) == ["earth", "water", "fire"]
    assert await names(api, type=7) == ["water", "fire"]
    assert await names(api, name="ALERT.MANAGEMENT") == ["earth"]
    assert await names(api, keyword="WAT") == ["water"]
    first = (await api.admin.call("listAlerts", keyword="fire"))["alert"][0]
    assert (first["type"], first["name"]) == (7, "ALERT.COMPUTE.HOST")

    await api.admin.call("archiveAlerts", ids=first["id"])
    assert await names(api) == ["earth", "water"]
    await refused(api.admin.call("archiveAlerts", ids=first["id"]), 431, "archived already")
    await api.admin.call("deleteAlerts", type=7)
    assert await names(api) == ["earth"]
    await refused(api.admin.call("deleteAlerts"), 431, "either ids, type or enddate")
    await refused(api.admin.call("listAlerts", type="seven"), 431, "number of an alert type")
    await refused(api.admin.job("generateAlert", type=99, name="x", description="y"), 431, "listAlertTypes names those")
    ann = await api.user("ann")
    await refused(ann.call("listAlerts"), 432, "not available")


async def test_a_standing_alert_is_counted_not_repeated(ground: Ground) -> None:
    api = ground.api
    await ground.join()
    zone = (await api.admin.call("listHosts"))["host"][0]
    assert zone["zonename"] == "zone1"
    for kind, times in (("CPU", 2), ("HOST", 2)):
        for _ in range(times):
            await api.cloud.store.submit(await alert(api.cloud, kind_of(kind), f"{kind} is short", zone_id=1))
    assert await names(api) == ["HOST is short", "HOST is short", "CPU is short"]
