"""Alerts are kept for `alert.purge.delay` days; a fresh installation keeps them for ever."""

from __future__ import annotations

import msgspec
from tests.api import Api

from lakh.healing.old_alerts import OldAlerts
from lakh.resources.alert.raising import alert, kind_of
from lakh.resources.alert.row import INSERT, AlertRow
from lakh.store.statement import TxnSpec, select

DAY_MS = 24 * 3600 * 1000
ARCHIVED = select("test.archived_alerts", AlertRow, "WHERE archived ORDER BY id")


async def raised(api: Api, text: str, days_ago: float) -> None:
    txn = await alert(api.cloud, kind_of("HOST"), text)
    (step,) = txn.steps
    row = AlertRow(**dict(zip(INSERT.insert_columns, step.arguments, strict=True)))
    row = msgspec.structs.replace(row, created_ms=api.cloud.now_ms() - int(days_ago * DAY_MS))
    await api.cloud.store.submit(TxnSpec("test.alert").put(INSERT, row))


async def kept(api: Api) -> list[str]:
    return [a["description"] for a in (await api.admin.call("listAlerts")).get("alert", [])]


async def test_alerts_older_than_the_delay_go(api: Api) -> None:
    for text, days_ago in (("ancient", 4000), ("old", 8), ("young", 6), ("behind a young one", 7.5)):
        await raised(api, text, days_ago)
    everything = ["behind a young one", "young", "old", "ancient"]
    await OldAlerts().run(api.cloud)
    assert await kept(api) == everything, "0 days are for ever"
    await api.admin.call("updateConfiguration", name="alert.purge.delay", value=7)
    archived = (await api.admin.call("listAlerts", keyword="ancient"))["alert"][0]["id"]
    await api.admin.call("archiveAlerts", ids=archived)
    await OldAlerts().run(api.cloud)
    assert await kept(api) == ["young"]
    assert await api.cloud.store.rows(ARCHIVED) == []


async def test_how_often_it_looks(api: Api) -> None:
    assert OldAlerts().interval_seconds(api.cloud) == 86400
    await api.admin.call("updateConfiguration", name="alert.purge.interval", value=3600)
    assert OldAlerts().interval_seconds(api.cloud) == 3600
