"""Tags: on what, by whom, and how lists are filtered by them."""

from __future__ import annotations

import pytest
from tests.resources.vm.conftest import Stage

from lakh.contract.client import ClientError

TAG = {"tags[0].key": "tier", "tags[0].value": "web", "tags[1].key": "env", "tags[1].value": "test"}


async def test_tags_are_shown_filtered_by_and_removed(stage: Stage) -> None:
    first, second = await stage.deploy(), await stage.deploy()
    done = await stage.job(
        stage.admin, "createTags", resourceids=f"{first['id']},{second['id']}", resourcetype="uservm", **TAG
    )
    assert done == {"success": True}
    vm = await stage.vm(first["id"])
    assert vm is not None
    assert [(t["key"], t["value"], t["resourcetype"]) for t in vm["tags"]] == [
        ("tier", "web", "UserVm"),
        ("env", "test", "UserVm"),
    ]
    assert (await stage.admin.call("listTags", key="tier"))["count"] == 2
    await stage.job(
        stage.admin, "deleteTags", resourceids=first["id"], resourcetype="UserVm", **{"tags[0].key": "tier"}
    )
    found = await stage.admin.call("listVirtualMachines", **{"tags[0].key": "tier", "tags[0].value": "web"})
    assert [v["id"] for v in found["virtualmachine"]] == [second["id"]]
    either = {"tags[0].key": "tier", "tags[0].value": "web", "tags[1].key": "env", "tags[1].value": "test"}
    assert (await stage.admin.call("listVirtualMachines", **either))["count"] == 2
    assert await stage.admin.call("listVirtualMachines", **{"tags[0].key": "tier", "tags[0].value": "db"}) == {}
    await stage.job(stage.admin, "destroyVirtualMachine", id=second["id"], expunge=True)
    assert (await stage.admin.call("listTags", key="env"))["count"] == 1


async def test_a_key_stands_once_on_a_resource(stage: Stage) -> None:
    vm = await stage.deploy()
    await stage.job(stage.admin, "createTags", resourceids=vm["id"], resourcetype="UserVm", **TAG)
    with pytest.raises(ClientError, match="already on UserVm"):
        await stage.job(stage.admin, "createTags", resourceids=vm["id"], resourcetype="UserVm", **TAG)
    assert (await stage.admin.call("listTags", resourceid=vm["id"]))["count"] == 2


@pytest.mark.parametrize("kind", ["Zone", "ServiceOffering", "Network", "Template", "Storage"])
async def test_other_kinds(stage: Stage, kind: str) -> None:
    made = stage.world.made
    row = {
        "Zone": made.zone, "ServiceOffering": made.offering, "Network": made.network, "Template": made.template,
        "Storage": made.pool,
    }[kind]  # fmt: skip
    await stage.job(stage.admin, "createTags", resourceids=row.uuid, resourcetype=kind, **TAG)
    assert (await stage.admin.call("listTags", resourcetype=kind, listall=True))["count"] == 2


async def test_others_things_and_wrong_requests(stage: Stage) -> None:
    joe = await stage.api.user("joe")
    vm = await stage.deploy()
    for resource, kind in ((vm["id"], "UserVm"), (stage.world.made.zone.uuid, "Zone")):
        with pytest.raises(ClientError, match="does not have permission") as error:
            await stage.job(joe, "createTags", resourceids=resource, resourcetype=kind, **TAG)
        assert error.value.errorcode == 531
    with pytest.raises(ClientError, match="Invalid resourcetype"):
        await stage.job(joe, "createTags", resourceids=vm["id"], resourcetype="Spaceship", **TAG)
    with pytest.raises(ClientError, match="Unable to find any tags"):
        await stage.job(stage.admin, "deleteTags", resourceids=vm["id"], resourcetype="UserVm")
    with pytest.raises(ClientError, match="Unable to find resource"):
        await stage.job(joe, "createTags", resourceids="no-such", resourcetype="UserVm", **TAG)
