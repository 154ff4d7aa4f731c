"""A new pool and many hosts: how many at once, what is stored of it, who is told of those that can not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from tests.ground import Ground

from lakh.base import limits
from lakh.resources.host.index import HostIndex
from lakh.resources.storage_pool.connect import ConnectedPools
from lakh.store.statement import TxnSpec
from lakh.wire.message import Message


class Turnstile:
    """Stands before the hosts: lets ModifyStoragePool through one by one when it is told, and counts who waits."""

    def __init__(self, ground: Ground) -> None:
        self._call = ground.fakes.call
        self.waiting = 0
        self.most = 0
        self.came = asyncio.Event()
        self.open = asyncio.Event()
        ground.fakes.call = self.call  # type: ignore[method-assign]

    async def call(self, host_id: int, commands: Sequence[Message], **more: Any) -> list[Message]:
        if commands[0].name == "ModifyStoragePoolCommand":
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            self.came.set()
            await self.open.wait()
            self.waiting -= 1
        return await self._call(host_id, commands, **more)


async def workers(ground: Ground, number: int) -> None:
    await ground.api.admin.call("updateConfiguration", name="storage.pool.host.connect.workers", value=number)


@pytest.mark.parametrize("number", [1, 4])
async def test_so_many_hosts_connect_at_once_as_the_setting_says(ground: Ground, number: int) -> None:
    for _ in range(7):
        await ground.join()
    await workers(ground, number)
    turnstile = Turnstile(ground)
    adding = asyncio.create_task(ground.add_pool())
    async with asyncio.timeout(10):
        while turnstile.waiting < number:
            turnstile.came.clear()
            await turnstile.came.wait()
    job = (await ground.api.admin.call("listAsyncJobs", listall=True))["asyncjobs"][0]
    assert (job["jobinstancetype"], job["jobstatus"], job["jobprocstatus"]) == ("StoragePool", 0, 0)
    pool = (await ground.api.admin.call("listStoragePools"))["storagepool"][0]
    assert pool["state"] == "Initialized", "nothing is placed on it before its hosts have it"
    turnstile.open.set()
    assert (await adding)["state"] == "Up"
    assert turnstile.most == number


async def test_the_rows_of_many_hosts_share_a_transaction(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [await ground.join() for _ in range(10)]
    monkeypatch.setattr(limits, "POOL_HOSTS_STORED_AT_ONCE", 4)
    submitted: list[TxnSpec] = []
    submit = ground.api.cloud.store.submit

    async def counted(txn: TxnSpec) -> Any:
        submitted.append(txn)
        return await submit(txn)

    monkeypatch.setattr(ground.api.cloud.store, "submit", counted)
    pool = await ground.add_pool()
    sizes = [len(txn.steps) for txn in submitted if txn.label == "storage_pool.connect_many"]
    assert sizes == [4, 4, 2]
    assert len(submitted) < 10, [txn.label for txn in submitted]
    for host in hosts:
        assert (await ground.api.admin.call("listStoragePools", hostid=host.uuid))["storagepool"][0]["id"] == pool["id"]


async def told(ground: Ground) -> tuple[list[str], list[str]]:
    events = await ground.api.admin.call("listEvents", type="CONFIGURE.STORAGE.ACCESS", listall=True)
    alerts = await ground.api.admin.call("listAlerts", type=7)
    return (
        sorted(event["description"] for event in events.get("event", [])),
        sorted(alert["description"] for alert in alerts.get("alert", [])),
    )


async def test_hosts_without_the_pool_are_told_of_with_their_reasons(ground: Ground) -> None:
    hosts = [await ground.join() for _ in range(4)]
    reasons = {hosts[1].id: "mount.nfs: access denied", hosts[3].id: "mount.nfs: no route to host"}
    ground.fakes.refuse = lambda host_id, command: (
        reasons.get(host_id, "") if command.name == "ModifyStoragePoolCommand" else ""
    )
    assert (await ground.add_pool())["state"] == "Up"
    events, alerts = await told(ground)
    assert alerts == [
        "Unable to attach storage pool primary to host kvm-2",
        "Unable to attach storage pool primary to host kvm-4",
    ]
    assert [("kvm-2" in text, "access denied" in text) for text in events] == [(True, True), (False, False)]
    assert "no route to host" in events[1]


async def test_very_many_failures_are_one_event_for_each_reason(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "POOL_FAILURES_TOLD", 2)
    hosts = [await ground.join() for _ in range(6)]
    ground.fakes.refuse = lambda host_id, command: (
        "access denied" if command.name == "ModifyStoragePoolCommand" and host_id != hosts[0].id else ""
    )
    assert (await ground.add_pool())["state"] == "Up"
    events, alerts = await told(ground)
    assert alerts == ["Unable to attach storage pool primary to 5 hosts: kvm-2, kvm-3, kvm-4, kvm-5, kvm-6"]
    assert len(events) == 1


async def test_a_host_in_the_middle_of_connecting_gets_the_new_pool_too(ground: Ground) -> None:
    there, arriving = await ground.join(), await ground.join()
    index = ground.api.cloud.part(HostIndex)
    index.set_state(arriving.id, status="Connecting")  # it was told its pools before this one was made
    index.set_connected(arriving.id, False)
    turnstile = Turnstile(ground)
    adding = asyncio.create_task(ground.add_pool())
    await turnstile.came.wait()
    turnstile.open.set()
    index.set_state(arriving.id, status="Up")
    index.set_connected(arriving.id, True)
    pool = await adding
    stored = (await ground.api.admin.call("listStoragePools", id=pool["id"]))["storagepool"][0]
    assert stored["state"] == "Up"
    connected = ground.api.cloud.part(ConnectedPools)
    assert connected.of(there.id) == connected.of(arriving.id) != frozenset()
