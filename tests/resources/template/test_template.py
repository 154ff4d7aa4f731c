"""Lists by filter, permissions, changes, copies and the end of templates and ISOs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api import Tenant
from tests.resources.template.storage_vm import Depot

from lakh.contract.client import ClientError


async def names(tenant: Tenant, chosen: str, **more: Any) -> list[str]:
    listed = await tenant.call("listTemplates", templatefilter=chosen, **more)
    return [template["name"] for template in listed.get("template", [])]


async def test_filters_show_what_is_ones_own_shared_and_public(depot: Depot) -> None:
    joe, ann = await depot.api.user("joe"), await depot.api.user("ann")
    await depot.ready(tenant=joe, name="joes")
    await depot.ready(name="community", ispublic=True)
    await depot.ready(name="featured", ispublic=True, isfeatured=True)
    await depot.register(joe, name="joes-later")
    world = "Debian 12"  # public and featured, of the admin

    assert await names(joe, "self") == ["joes", "joes-later"]
    assert await names(joe, "selfexecutable") == ["joes"]
    assert (await names(joe, "featured"))[1:] == [world, "featured"]  # the first one comes with the product
    assert await names(joe, "featured", isready=True) == [world, "featured"]
    assert await names(joe, "community") == ["community"]
    assert await names(joe, "executable") == [world, "joes", "community", "featured"]
    assert await names(ann, "executable") == [world, "community", "featured"]
    assert await names(ann, "self") == []
    assert "joes" in await names(depot.admin, "all")
    assert "SystemVM Template (KVM)" in await names(depot.admin, "all")
    with pytest.raises(ClientError, match="root/domain admin only"):
        await joe.call("listTemplates", templatefilter="all")
    with pytest.raises(ClientError, match="valid template filter"):
        await joe.call("listTemplates", templatefilter="mine")


async def test_a_private_template_is_shared_with_named_accounts(depot: Depot) -> None:
    joe, ann = await depot.api.user("joe"), await depot.api.user("ann")
    template = await depot.ready(tenant=joe, name="joes")
    assert await ann.call("listTemplates", templatefilter="self", id=template["id"]) == {}
    with pytest.raises(ClientError, match="does not have permission"):
        await ann.call("updateTemplatePermissions", id=template["id"], op="add", accounts="ann")

    await joe.call("updateTemplatePermissions", id=template["id"], op="add", accounts="ann")

    assert await names(ann, "sharedexecutable") == ["joes"]
    assert "joes" in await names(ann, "executable")
    shown = (await joe.call("listTemplatePermissions", id=template["id"]))["templatepermission"]
    assert (shown["account"], shown["ispublic"]) == (["ann"], False)
    await joe.call("updateTemplatePermissions", id=template["id"], op="remove", accounts="ann")
    assert await names(ann, "sharedexecutable") == []
    await joe.call("updateTemplatePermissions", id=template["id"], ispublic=True)
    assert await names(ann, "community") == ["joes"]
    with pytest.raises(ClientError, match="Invalid operation"):
        await joe.call("updateTemplatePermissions", id=template["id"], op="grant", accounts="ann")


async def test_a_template_is_changed(depot: Depot) -> None:
    template = await depot.ready()
    changed = await depot.admin.call(
        "updateTemplate", id=template["id"], name="renamed", displaytext="new words", passwordenabled=True, sortkey=-1,
        details=[{"rootDiskController": "virtio"}],
    )  # fmt: skip
    shown = changed["template"]
    assert (shown["name"], shown["displaytext"], shown["passwordenabled"]) == ("renamed", "new words", True)
    assert shown["details"] == {"rootDiskController": "virtio"}
    assert (await names(depot.admin, "self"))[0] == "renamed"  # the sort key
    assert (await names(depot.admin, "self", keyword="WORDS")) == ["renamed"]


async def test_a_deleted_template_is_gone_from_store_and_lists(depot: Depot) -> None:
    joe = await depot.api.user("joe")
    template = await depot.ready(tenant=joe)
    store = depot.world.images.of(depot.world.made.store.url)
    before = len(store.entries)
    assert (await joe.call("listAccounts"))["account"][0]["templatetotal"] == 1

    assert await depot.job(joe, "deleteTemplate", id=template["id"]) == {"success": True}

    assert await depot.template(template["id"], joe) is None
    assert len(store.entries) == before - 1
    account = (await joe.call("listAccounts"))["account"][0]
    assert (account["templatetotal"], account["secondarystoragetotal"]) == (0, 0)
    with pytest.raises(ClientError, match="does not exist any more"):
        await joe.call("deleteTemplate", id=template["id"])


async def test_a_template_in_use_is_kept(depot: Depot) -> None:
    template = await depot.ready()
    deploy = depot.world.deploy_parameters(templateid=template["id"])
    await depot.job(depot.admin, "deployVirtualMachine", **deploy)
    with pytest.raises(ClientError, match="Instances use it"):
        await depot.admin.call("deleteTemplate", id=template["id"])
    await depot.job(depot.admin, "deleteTemplate", id=template["id"], forced=True)
    assert await depot.template(template["id"]) is None


async def test_only_admins_register_for_all_zones(depot: Depot) -> None:
    joe = await depot.api.user("joe")
    with pytest.raises(ClientError, match="Only admins can create templates in all zones"):
        await depot.register(joe, zoneid=-1)
    made = await depot.register(zoneid=-1)
    assert made["crossZones"]


async def test_an_iso_is_a_template_with_lists_of_its_own(depot: Depot) -> None:
    await depot.connect()
    os_type = (await depot.admin.call("listOsTypes", page=1, pagesize=1))["ostype"][0]["id"]
    made = await depot.admin.call(
        "registerIso", name="rescue", url="http://192.0.2.80/rescue.iso", zoneid=depot.world.made.zone.uuid,
        ostypeid=os_type,
    )  # fmt: skip
    iso = made["iso"][0]
    await depot.heal()
    listed = await depot.admin.call("listIsos", isofilter="self")
    assert [(found["name"], found["isready"], found["format"]) for found in listed["iso"]] == [("rescue", True, "ISO")]
    assert "rescue" not in await names(depot.admin, "all")
    changed = await depot.admin.call("updateIso", id=iso["id"], name="rescue-2", bootable=False)
    assert (changed["iso"]["name"], changed["iso"]["bootable"]) == ("rescue-2", False)
    assert await depot.admin.call("listIsos", isofilter="self", bootable=True) == {}
    with pytest.raises(ClientError, match="is an ISO"):
        await depot.admin.call("deleteTemplate", id=iso["id"])
    await depot.job(depot.admin, "deleteIso", id=iso["id"])
    assert await depot.admin.call("listIsos", isofilter="self") == {}
    with pytest.raises(ClientError, match="must end in"):
        await depot.admin.call(
            "registerIso", name="no", url="http://192.0.2.80/a.img", zoneid=depot.world.made.zone.uuid
        )
