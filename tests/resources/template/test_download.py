"""From registerTemplate to Ready, and everything that can come between."""

from __future__ import annotations

import pytest
from tests.resources.template.storage_vm import Depot

from lakh.contract.client import ClientError

GIB = 1 << 30


def said(depot: Depot) -> list[str]:
    return [name for host, name in depot.world.hosts.said if host == depot.host_id]


async def test_a_template_is_ready_when_its_file_is_there(depot: Depot) -> None:
    await depot.connect()
    made = await depot.register()
    assert (made["isready"], made["status"], made["crossZones"]) == (False, "Processing", False)

    await depot.heal()

    found = await depot.template(made["id"])
    assert found is not None
    assert (found["isready"], found["status"], found["size"]) == (True, "Download Complete", 2 * GIB)
    assert found["downloaddetails"][0]["downloadPercent"] == "100"
    assert len(found["checksum"]) == 32
    assert said(depot)[-2:] == ["DownloadCommand", "DownloadProgressCommand"]  # the second one purges


async def test_a_slow_download_shows_how_far_it_is(depot: Depot) -> None:
    await depot.connect()
    depot.agent.download_seconds = 100.0
    made = await depot.register()
    for ahead, status in ((0, "0% Downloaded"), (40, "40% Downloaded"), (20, "60% Downloaded")):
        depot.api.clock.forward(ahead)
        await depot.heal()
        found = await depot.template(made["id"])
        assert found is not None
        assert (found["status"], found["isready"]) == (status, False)
    await depot.heal()  # too soon: nobody is asked
    assert said(depot).count("DownloadProgressCommand") == 2
    depot.api.clock.forward(40)
    await depot.heal()
    found = await depot.template(made["id"])
    assert found is not None
    assert found["isready"]


async def test_a_zone_without_storage_vm_downloads_when_it_gets_one(depot: Depot) -> None:
    made = await depot.register()
    await depot.heal()
    assert (await depot.template(made["id"]) or {})["status"] == "Processing"
    await depot.connect()
    await depot.heal()
    assert (await depot.template(made["id"]) or {})["isready"]


async def test_a_lost_storage_vm_fails_the_download_and_its_return_repeats_it(depot: Depot) -> None:
    await depot.connect()
    depot.agent.download_seconds = 100.0
    made = await depot.register()
    await depot.heal()

    await depot.lose()
    depot.api.clock.forward(10)
    await depot.heal()

    found = await depot.template(made["id"]) or {}
    assert found["status"] == "Storage agent or storage VM disconnected"
    assert found["downloaddetails"][0]["downloadState"] == "DOWNLOAD_ERROR"
    depot.world.hosts.away.clear()
    depot.agent.download_seconds = 0.0
    depot.agent.downloads.clear()
    await depot.connect()
    await depot.heal()
    assert (await depot.template(made["id"]) or {})["isready"]


async def test_a_file_that_is_gone_is_downloaded_again(depot: Depot) -> None:
    template = await depot.ready()
    store = depot.world.images.of(depot.world.made.store.url)
    for path in [p for p in store.entries if "debian" not in p]:
        store.delete(path)
    await depot.lose()
    depot.world.hosts.away.clear()
    depot.agent.downloads.clear()
    await depot.connect()
    assert not (await depot.template(template["id"]) or {})["isready"]
    await depot.heal()
    assert (await depot.template(template["id"]) or {})["isready"]


async def test_an_error_of_the_storage_vm_is_the_templates_status(depot: Depot) -> None:
    await depot.connect()
    depot.world.hosts.refuse = lambda _, command: "no route" if command.name == "DownloadCommand" else ""
    made = await depot.register()
    await depot.heal()
    found = await depot.template(made["id"]) or {}
    assert (found["isready"], found["status"]) == (False, "no route")


async def test_a_server_that_was_killed_goes_on_asking(depot: Depot) -> None:
    await depot.connect()
    depot.agent.download_seconds = 100.0
    made = await depot.register()
    await depot.heal()
    depot.downloads = type(depot.downloads)()  # a new process remembers nothing
    depot.api.clock.forward(100)
    await depot.heal()
    assert (await depot.template(made["id"]) or {})["isready"]


async def test_an_owner_over_its_storage_limit_gets_limit_reached(depot: Depot) -> None:
    await depot.connect()
    joe = await depot.api.user("joe")
    domain = (await depot.admin.call("listDomains", name="ROOT"))["domain"][0]["id"]
    await depot.admin.call("updateResourceLimit", account="joe", domainid=domain, resourcetype=11, max=0)
    made = await depot.register(joe)
    await depot.heal()
    found = await depot.template(made["id"], joe) or {}
    assert not found["isready"]
    assert found["status"].startswith("Storage space limit exceeded")


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [
        ("url", "http://127.0.0.1/a.qcow2", "Illegal host"),
        ("url", "http://169.254.1.1/a.qcow2", "Illegal host"),
        ("url", "gopher://192.0.2.1/a.qcow2", "Unsupported scheme"),
        ("url", "http://192.0.2.1/a.vhd", "must end in"),
        ("url", "nonsense", "Unsupported scheme"),
        ("format", "PNG", "give one of QCOW2"),
        ("format", "ISO", "registerIso"),
        ("hypervisor", "Nothing", "Invalid parameter hypervisor"),
        ("bits", "48", "give 32 or 64"),
        ("arch", "pdp11", "Invalid parameter arch"),
        ("templatetype", "GOLD", "Invalid parameter templatetype"),
    ],
)
async def test_what_cannot_be_registered(depot: Depot, parameter: str, value: str, text: str) -> None:
    with pytest.raises(ClientError, match=text):
        await depot.register(**{parameter: value})
    assert await depot.admin.call("listTemplates", templatefilter="self") == {
        "count": 1,
        "template": (await depot.admin.call("listTemplates", templatefilter="self"))["template"],
    }
