"""Management servers, told over HTTP."""

from __future__ import annotations

from tests.ground import Ground

from lakh.resources.management_server.row import INSERT, ManagementServerRow
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
