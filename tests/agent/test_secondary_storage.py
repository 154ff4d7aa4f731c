"""Secondary storage VMs: templates are downloaded, listed truthfully, and end up on primary storage."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from tests.agent.cloud import STORE, SYSTEM_TEMPLATE, Cloud, ask, must, secondary, template

from lakh.agent.host import SystemVm
from lakh.agent.images import Image, ImageStores
from lakh.wire.message import STORAGE, STORAGE_OBJECT, SUBSYSTEM, Message

DOWNLOAD = {
    "url": "http://example.org/debian.qcow2",
    "id": 202,
    "name": "202-2-x",
    "installPath": "template/tmpl/2/202/",
    "resourceType": "TEMPLATE",
    "format": "QCOW2",
    "accountId": 2,
    "_store": secondary(),
}


def ready_vm(cloud: Cloud, seconds: float = 0.0) -> SystemVm:
    agent = cloud.system_vm()
    must(agent, "ReadyCommand", hostId=9)
    agent.download_seconds = seconds
    return agent


def progress(agent: SystemVm, job: str, request: str = "GET_STATUS") -> Message:
    return must(agent, SUBSYSTEM + "DownloadProgressCommand", **DOWNLOAD, jobId=job, request=request)


def test_a_store_is_mounted_under_the_uuid_of_its_url() -> None:
    agent = Cloud().system_vm()
    answer = must(agent, "SecStorageSetupCommand", store=secondary(), secUrl=STORE)
    assert UUID(answer.body["_dir"]).version == 3


def test_a_template_downloads_over_time() -> None:
    cloud = Cloud()
    agent = ready_vm(cloud, 10.0)
    first = must(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD)
    assert (first.name, first.body["downloadPct"], first.body["downloadStatus"]) == (
        "DownloadAnswer",
        0,
        "DOWNLOAD_IN_PROGRESS",
    )
    job = first.body["jobId"]
    cloud.clock.seconds += 4
    assert progress(agent, job).body["downloadPct"] == 40
    assert "202-2-x" not in listed(agent)
    assert must(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD).body["jobId"] == job
    cloud.clock.seconds += 6
    done = progress(agent, job)
    assert (done.body["downloadPct"], done.body["downloadStatus"]) == (100, "DOWNLOADED")
    assert done.body["installPath"].startswith("template/tmpl/2/202/")
    assert done.body["templateSize"] > done.body["templatePhySicalSize"] > 0
    purged = progress(agent, job, "PURGE")
    assert (purged.body["jobId"], purged.body["downloadStatus"]) == (job, "DOWNLOADED")
    assert progress(agent, job).body["downloadStatus"] == "UNKNOWN"
    assert listed(agent)["202-2-x"]["installPath"] == done.body["installPath"]


def listed(agent: SystemVm) -> dict[str, dict[str, object]]:
    answer = must(agent, STORAGE + "ListTemplateCommand", store=secondary(), secUrl=STORE)
    assert answer.body["secUrl"] == STORE
    infos: dict[str, dict[str, object]] = answer.body["templateInfos"]
    return infos


def test_the_list_is_truthful_and_never_forgets_the_system_template() -> None:
    cloud = Cloud()
    agent = ready_vm(cloud)
    assert list(listed(agent)) == ["routing-3"]
    must(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD)
    assert sorted(listed(agent)) == ["202-2-x", "routing-3"]
    must(agent, SUBSYSTEM + "DeleteCommand", data=template(path="template/tmpl/2/202"))
    assert list(listed(agent)) == ["routing-3"]


def test_what_was_downloaded_goes_to_primary_with_its_size() -> None:
    cloud = Cloud()
    agent = ready_vm(cloud)
    done = must(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD).body
    source = template(path=done["installPath"], size=0)
    copied = must(
        cloud.hosts[0], SUBSYSTEM + "CopyCommand", srcTO=source, destTO=template(to_primary=True, path="")
    ).body["newData"][STORAGE_OBJECT + "TemplateObjectTO"]
    assert copied["size"] == done["templateSize"]


def test_an_aborted_download_starts_anew_when_asked() -> None:
    cloud = Cloud()
    agent = ready_vm(cloud, 10.0)
    job = must(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD).body["jobId"]
    assert progress(agent, job, "ABORT").body["downloadStatus"] == "ABANDONED"
    assert progress(agent, job, "GET_OR_RESTART").body["downloadStatus"] == "DOWNLOAD_IN_PROGRESS"


def test_a_file_above_the_limit_is_an_error() -> None:
    agent = ready_vm(Cloud())
    answer = ask(agent, SUBSYSTEM + "DownloadCommand", **DOWNLOAD, maxDownloadSizeInBytes=1000)
    assert (answer.body["result"], answer.body["downloadStatus"]) == (False, "DOWNLOAD_ERROR")


def test_space_of_a_store() -> None:
    agent = ready_vm(Cloud())
    stats = must(agent, "GetStorageStatsCommand", store=secondary()).body
    assert 0 < stats["usedBytes"] < stats["capacityBytes"]


def test_processes_of_a_fleet_see_one_secondary_storage(tmp_path: Path) -> None:
    """The journal's order decides: an old line read late never undoes a later change."""
    first, second = (ImageStores([SYSTEM_TEMPLATE], journal=tmp_path / "images") for _ in range(2))
    image = Image("5-2-x", "template/tmpl/2/5/x.qcow2", "template", 100, 50)
    first.of(STORE).add(image)
    assert second.of(STORE).find("template/tmpl/2/5") == image
    second.of(STORE).delete("template/tmpl/2/5")
    assert first.of(STORE).find("template/tmpl/2/5") is None
    assert second.of(STORE).find("template/tmpl/2/5") is None
    assert list(first.of(STORE).entries) == [SYSTEM_TEMPLATE.path]
