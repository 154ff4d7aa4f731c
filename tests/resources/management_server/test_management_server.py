"""Management servers, told over HTTP."""

from __future__ import annotations

import pytest
from tests.ground import Ground

from lakh.contract.client import ClientError
from lakh.resources.command import Call, admit_job
from lakh.resources.host.reconnect import ReconnectHost
from lakh.resources.management_server.draining import may_stop
from lakh.resources.management_server.row import INSERT, ManagementServerRow
from lakh.resources.system import SYSTEM_CALLER
from lakh.store.statement import TxnSpec


async def test_servers_and_what_keeps_them(ground: Ground) -> None:
    cloud, admin = ground.api.cloud, ground.api.admin
    await ground.join()
    now_ms = cloud.now_ms()
    for server_id, name in ((cloud.server_id, "one"), (cloud.server_id + 1, "two")):
        row = ManagementServerRow(server_id, cloud.uuid(), name, 7, "Up", "1.0", 1, now_ms, now_ms)
        await cloud.store.submit(TxnSpec("test.server").put(INSERT, row))
    listed = (await admin.call("listManagementServers"))["managementserver"]
    assert [(s["name"], s["state"], s.get("agentscount")) for s in listed] == [("one", "Up", 1), ("two", "Up", None)]
    assert (await admin.call("listManagementServers", name="two"))["count"] == 1
    assert await admin.call("listManagementServers", keyword="thr") == {}

    ready = (await admin.call("readyForShutdown", managementserverid=listed[0]["id"]))["readyforshutdown"]
    assert (ready["readyforshutdown"], ready["shutdowntriggered"], ready["agentscount"]) == (False, False, 1)
    assert ready["state"] == "Up"
    other = (await admin.call("readyForShutdown", managementserverid=listed[1]["id"]))["readyforshutdown"]
    assert (other["agentscount"], other["pendingjobscount"]) == (0, 0)
    hosts = (await admin.call("listHosts"))["host"]
    assert (hosts[0]["managementservername"], hosts[0]["msid"]) == ("one", 7)


async def test_a_server_that_prepares_for_its_shutdown_takes_no_jobs(ground: Ground) -> None:
    cloud, admin = ground.api.cloud, ground.api.admin
    host = await ground.join()
    now_ms = cloud.now_ms()
    row = ManagementServerRow(cloud.server_id, cloud.uuid(), "one", 7, "Up", "1.0", 1, now_ms, now_ms)
    await cloud.store.submit(TxnSpec("test.server").put(INSERT, row))
    with pytest.raises(ClientError, match="no shutdown is being prepared"):
        await admin.call("cancelShutdown", managementserverid=row.uuid)
    prepared = (await admin.call("prepareForShutdown", managementserverid=row.uuid))["prepareforshutdown"]
    assert (prepared["readyforshutdown"], prepared["shutdowntriggered"]) == (True, True)
    assert (prepared["state"], prepared["pendingjobscount"]) == ("ReadyToShutDown", 0)
    with pytest.raises(ClientError, match="can not accept new jobs"):
        await admin.call("reconnectHost", id=host.uuid)
    mending = await admit_job(ReconnectHost(id=host.id), Call(cloud, SYSTEM_CALLER))
    await cloud.worker.wait(mending.uuid)
    with pytest.raises(ClientError, match="only one that is Up"):
        await admin.call("prepareForShutdown", managementserverid=row.uuid)
    await admin.call("listHosts")
    after = (await admin.call("cancelShutdown", managementserverid=row.uuid))["cancelshutdown"]
    assert (after["state"], after["shutdowntriggered"], after["readyforshutdown"]) == ("Up", False, False)
    assert "jobid" in await admin.call("reconnectHost", id=host.uuid)


@pytest.mark.parametrize("prepared", [False, True])
async def test_a_server_whose_shutdown_is_triggered_may_stop_once_it_has_no_job(ground: Ground, prepared: bool) -> None:
    cloud, admin = ground.api.cloud, ground.api.admin
    host = await ground.join()
    now_ms = cloud.now_ms()
    row = ManagementServerRow(cloud.server_id, cloud.uuid(), "one", 7, "Up", "1.0", 1, now_ms, now_ms)
    await cloud.store.submit(TxnSpec("test.server").put(INSERT, row))
    if prepared:
        await admin.call("prepareForShutdown", managementserverid=row.uuid)
    assert not await may_stop(cloud)
    told = (await admin.call("triggerShutdown", managementserverid=row.uuid))["triggershutdown"]
    assert (told["state"], told["shutdowntriggered"]) == ("ShuttingDown", True)
    with pytest.raises(ClientError, match="can not accept new jobs"):
        await admin.call("reconnectHost", id=host.uuid)
    with pytest.raises(ClientError, match="no shutdown is being prepared"):
        await admin.call("cancelShutdown", managementserverid=row.uuid)
    with pytest.raises(ClientError, match="only one that is Up, or prepares"):
        await admin.call("triggerShutdown", managementserverid=row.uuid)
    last = await admit_job(ReconnectHost(id=host.id), Call(cloud, SYSTEM_CALLER))
    assert not await may_stop(cloud), "a job is under way"
    await cloud.worker.wait(last.uuid)
    assert await may_stop(cloud)
