"""Events are kept for `event.purge.delay` days."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.api import Api

from lakh.base.limits import EVENTS_PURGED, ID_BLOCK_MAX
from lakh.healing.old_events import OldEvents
from lakh.resources.command import event
from lakh.resources.configuration.values import Settings
from lakh.resources.event.row import ARCHIVE, INSERT, EventRow
from lakh.store.statement import TxnSpec, statement

DAY_MS = 24 * 3600 * 1000
KEPT = statement("test.event.kept", "SELECT description FROM event WHERE type = 'LAB.TEST' ORDER BY id")


async def happened(api: Api, text: str, days_ago: float, *, count: int = 1) -> list[EventRow]:
    await api.cloud.row_ids.reserve("event", count)
    txn, rows = TxnSpec("test.events"), []
    for _ in range(count):
        row = event(api.cloud, "LAB.TEST", "Completed", text, 2, (2, 1))
        row = msgspec.structs.replace(row, created_ms=api.cloud.now_ms() - int(days_ago * DAY_MS))
        rows.append(row)
        txn.put(INSERT, row)
    await api.cloud.store.submit(txn)
    return rows


async def kept(api: Api) -> list[str]:
    return [row[0] for row in await api.cloud.store.read(KEPT)]


async def set_to(api: Api, name: str, value: Any) -> None:
    await api.admin.call("updateConfiguration", name=name, value=value)


async def test_events_older_than_the_delay_go(api: Api) -> None:
    old = await happened(api, "old", 16)
    await happened(api, "young", 14)
    await happened(api, "behind a young one", 15.5)
    await api.cloud.store.submit(TxnSpec("test.archive").add(ARCHIVE, [old[0].id]))
    await OldEvents().run(api.cloud)
    assert await kept(api) == ["young"]
    await set_to(api, "event.purge.delay", 10)
    await OldEvents().run(api.cloud)
    assert await kept(api) == []


async def test_no_delay_keeps_them_for_ever(api: Api) -> None:
    await happened(api, "ancient", 4000)
    for never in (0, -1):
        await set_to(api, "event.purge.delay", never)
        await OldEvents().run(api.cloud)
        assert await kept(api) == ["ancient"]


async def test_many_go_in_bounded_transactions(api: Api) -> None:
    await happened(api, "old", 20, count=3 * EVENTS_PURGED + 5)
    await happened(api, "young", 1)
    counted = api.cloud.store.counters
    before = counted()["transactions"]
    await OldEvents().run(api.cloud)
    assert await kept(api) == ["young"]
    assert 4 <= counted()["transactions"] - before <= 5


async def test_a_pass_reads_no_more_young_ones_than_it_must(api: Api) -> None:
    """An id block of each process may stand between old events and young ones; what lies behind them is young."""

    class Endless:
        pages = 0

        async def read(self, _: object, last: int) -> list[tuple[int, int]]:
            self.pages += 1
            return [(last + 1 + number, 1 << 60) for number in range(EVENTS_PURGED)]

    store, endless = api.cloud.store, Endless()
    api.cloud.store = endless  # type: ignore[assignment]
    try:
        await OldEvents().run(api.cloud)
    finally:
        api.cloud.store = store
    assert endless.pages == ID_BLOCK_MAX // EVENTS_PURGED + 1


async def test_how_often_it_looks(api: Api) -> None:
    assert OldEvents().interval_seconds(api.cloud) == 86400
    await set_to(api, "event.purge.interval", 7200)
    assert api.cloud.part(Settings).integer("event.purge.interval") == 7200
    assert OldEvents().interval_seconds(api.cloud) == 7200
