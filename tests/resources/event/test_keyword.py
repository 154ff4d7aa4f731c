"""Keywords of events: what they are looked for in, and that memory finds what the engine does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api import Api
from tests.stores import ENGINES, fresh_store

from lakh.resources.command import event
from lakh.resources.event.row import INSERT
from lakh.store.statement import TxnSpec

UUIDS = [f"01a207d5-f149-79ec-b8d2-1208c090b{number:03x}" for number in range(40)]


@pytest.fixture(params=ENGINES)
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    async with fresh_store(request.param, tmp_path) as store:
        running = await Api.start(store=store)
        yield running
        await running.stop()


async def happened(api: Api, first: int, last: int) -> None:
    """Each of these Instances was stopped."""
    txn = TxnSpec("test.events")
    for number in range(first, last):
        about = ("VirtualMachine", UUIDS[number])
        said = f"stopping Instance: Web-{number:02}. Instance Id: {UUIDS[number]}"
        done = f"Successfully completed VM.STOP. VirtualMachine Id: {UUIDS[number]}"
        for state, text in (("Scheduled", said), ("Completed", done)):
            txn.put(INSERT, event(api.cloud, "VM.STOP", state, text, api.admin.user.id, (2, 1), about))
    await api.cloud.store.submit(txn)


async def count(api: Api, keyword: str, **filters: Any) -> int:
    return int((await api.admin.call("listEvents", keyword=keyword, pagesize=3, page=1, **filters)).get("count", 0))


async def check(api: Api, there: int) -> None:
    assert await count(api, "STOPPING") == there
    assert await count(api, "vm.stop") == 2 * there
    assert await count(api, "vm.stop", state="Completed") == there
    assert await count(api, "web-0") == min(there, 10)
    assert await count(api, "web-07. instance id: 01a2") == 1
    assert await count(api, "instance: web-1") == max(0, min(there - 10, 10))
    assert await count(api, UUIDS[3]) == await count(api, UUIDS[3][4:]) == 2
    assert await count(api, "b00", type="VM.STOP") == 2 * min(there, 16)
    assert await count(api, "stopping%web-03") == await count(api, "web_03") == 1
    assert await count(api, "nothing-like-it") == await count(api, "id: 02a2") == 0


async def test_keywords_find_names_and_uuids_wherever_they_stand(api: Api) -> None:
    await happened(api, 0, 20)
    await check(api, 20)
    await happened(api, 20, 40)
    await check(api, 40)
    await api.admin.call("archiveEvents", ids=await ids_of(api, UUIDS[39]))
    await api.admin.call("deleteEvents", ids=await ids_of(api, UUIDS[38]))
    await check(api, 38)
    assert await count(api, UUIDS[39], archived=True) == 2


async def ids_of(api: Api, uuid: str) -> str:
    listed = await api.admin.call("listEvents", resourceid=uuid, resourcetype="VirtualMachine")
    return ",".join([row["id"] for row in listed["event"]])


@pytest.mark.parametrize("most", [0, 10_000])
async def test_texts_that_memory_has_no_room_for_are_found_by_the_engine(
    api: Api, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Whether they are few enough to be looked at by their ids, or not."""
    monkeypatch.setattr("lakh.store.sentences.SENTENCE_SHAPES", 1)
    monkeypatch.setattr("lakh.base.limits.LIST_FOUND", most)
    await happened(api, 0, 30)
    await check(api, 30)
