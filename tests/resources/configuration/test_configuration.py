from __future__ import annotations

from typing import Any

import pytest
from tests.api import Api, Tenant

from lakh.contract.client import ClientError
from lakh.resources.account.row import DOMAIN_ADMIN
from lakh.store.statement import statement

EVENTS = statement("test.setting_events", "SELECT description FROM event WHERE type = $1 ORDER BY id")


async def setting(tenant: Tenant, name: str, **scope: Any) -> dict[str, Any]:
    found = await tenant.call("listConfigurations", name=name, **scope)
    assert found["count"] == 1
    shown: dict[str, Any] = found["configuration"][0]
    return shown


async def test_a_setting_is_shown_whole(api: Api) -> None:
    assert await setting(api.admin, "vm.allocation.algorithm") == {
        "category": "Advanced",
        "component": "DeploymentClusterPlanner",
        "defaultvalue": "random",
        "description": "VM allocation algorithm",
        "displaytext": "VM allocation algorithm",
        "group": "Compute",
        "isdynamic": True,
        "name": "vm.allocation.algorithm",
        "options": "random,firstfit,userdispersing,firstfitleastconsumed",
        "scope": "Global",
        "subgroup": "Virtual Machine",
        "type": "Select",
        "value": "random",
    }


async def test_settings_are_found_by_group_category_parent_and_keyword(api: Api) -> None:
    total = (await api.admin.call("listConfigurations", page=1, pagesize=1))["count"]
    assert total > 950
    for filters, name in (
        ({"group": "Usage Server"}, "usage.execution.timezone"),
        ({"subgroup": "DRS"}, "drs.algorithm"),
        ({"category": "Usage"}, "usage.stats.job.aggregation.range"),
        ({"parent": "sharedfs.feature.enabled"}, "sharedfs.expunge.workers"),
        ({"keyword": "EXPUNGE.interval"}, "expunge.interval"),
    ):
        found = await api.admin.call("listConfigurations", **filters)
        assert name in [s["name"] for s in found["configuration"]]
        assert found["count"] < total
    assert await api.admin.call("listConfigurations", category="Hidden") == {}
    assert await api.admin.call("listConfigurations", name="no.such.setting") == {}


async def test_a_value_changes_is_cleared_and_goes_back_to_its_default(api: Api) -> None:
    changed = await api.admin.call("updateConfiguration", name="expunge.interval", value="60")
    assert changed["configuration"]["value"] == "60"
    assert (await setting(api.admin, "expunge.interval"))["value"] == "60"
    await api.admin.call("updateConfiguration", name="expunge.interval")
    assert (await setting(api.admin, "expunge.interval"))["value"] == "60"
    reset = await api.admin.call("resetConfiguration", name="expunge.interval")
    assert reset["configuration"]["value"] == "86400"
    await api.admin.call("updateConfiguration", name="expunge.interval", value="70")
    assert (await api.admin.call("updateConfiguration", name="expunge.interval", value=""))["configuration"][
        "value"
    ] == "86400"
    texts = [row[0] for row in await api.cloud.store.read(EVENTS, "CONFIGURATION.VALUE.EDIT")]
    assert texts[:2] == ["Setting expunge.interval set to '60'", "Setting expunge.interval reset"]


async def test_a_reset_goes_to_the_default_even_where_a_fresh_cloud_differs(api: Api) -> None:
    assert (await setting(api.admin, "max.domain.user.vms"))["value"] == "-1"
    reset = await api.admin.call("resetConfiguration", name="max.domain.user.vms")
    assert reset["configuration"]["value"] == "40"


async def test_a_wrong_value_is_refused_and_nothing_changes(api: Api) -> None:
    with pytest.raises(ClientError, match=r"expunge\.interval: 'soon' is not a whole number") as refused:
        await api.admin.call("updateConfiguration", name="expunge.interval", value="soon")
    assert refused.value.errorcode == 431
    assert (await setting(api.admin, "expunge.interval"))["value"] == "86400"
    with pytest.raises(ClientError, match=r"no\.such\.setting does not exist"):
        await api.admin.call("updateConfiguration", name="no.such.setting", value="1")
    with pytest.raises(ClientError, match="missing parameter name"):
        await api.admin.call("updateConfiguration", value="1")


async def test_a_secret_is_never_shown(api: Api) -> None:
    name = "alert.smtp.password"
    changed = await api.admin.call("updateConfiguration", name=name, value="hunter2")
    assert changed["configuration"]["value"] == "********"
    assert (await setting(api.admin, name))["value"] == "********"
    texts = [row[0] for row in await api.cloud.store.read(EVENTS, "CONFIGURATION.VALUE.EDIT")]
    assert not any("hunter2" in text for text in texts)


async def test_the_nearest_scope_wins(api: Api) -> None:
    domain = await api.domain("sales")
    name = "allow.user.view.all.domain.accounts"
    assert (await setting(api.admin, name, domainid=domain.uuid))["value"] == "false"
    changed = await api.admin.call("updateConfiguration", name=name, value="true", domainid=domain.uuid)
    assert (changed["configuration"]["scope"], changed["configuration"]["value"]) == ("domain", "true")
    assert (await setting(api.admin, name, domainid=domain.uuid))["value"] == "true"
    assert (await setting(api.admin, name))["value"] == "false"
    reset = await api.admin.call("resetConfiguration", name=name, domainid=domain.uuid)
    assert reset["configuration"]["value"] == "false"


async def test_subdomains_follow_their_parent_when_told_to(api: Api) -> None:
    parent = await api.domain("sales")
    child = await api.domain("east", parent)
    name = "allow.user.view.all.domain.accounts"
    await api.admin.call("updateConfiguration", name=name, value="true", domainid=parent.uuid)
    assert (await setting(api.admin, name, domainid=child.uuid))["value"] == "false"
    await api.admin.call("updateConfiguration", name="enable.domain.settings.for.child.domain", value="true")
    assert (await setting(api.admin, name, domainid=child.uuid))["value"] == "true"


async def test_a_setting_has_its_scopes_and_one_at_a_time(api: Api) -> None:
    domain = await api.domain("sales")
    joe = await api.user("joe", domain)
    with pytest.raises(ClientError, match="cannot be set per Domain; its scopes: Global"):
        await api.admin.call("updateConfiguration", name="expunge.interval", value="60", domainid=domain.uuid)
    with pytest.raises(ClientError, match="give only one of accountid, domainid"):
        await api.admin.call("listConfigurations", domainid=domain.uuid, accountid=joe.account.uuid)
    found = await api.admin.call("listConfigurations", accountid=joe.account.uuid)
    assert {s["scope"] for s in found["configuration"]} == {"account"}
    assert found["count"] == 39


async def test_a_domain_admin_sets_its_own_domain_only(api: Api) -> None:
    domain, other = await api.domain("sales"), await api.domain("research")
    boss = await api.user("boss", domain, DOMAIN_ADMIN)
    name = "allow.user.view.all.domain.accounts"
    await boss.call("updateConfiguration", name=name, value="true")
    assert (await setting(api.admin, name, domainid=domain.uuid))["value"] == "true"
    assert (await setting(api.admin, name))["value"] == "false"
    for scope in ({"domainid": other.uuid}, {"accountid": api.admin.account.uuid}):
        with pytest.raises(ClientError, match="does not have permission to operate with provided resource") as refused:
            await boss.call("updateConfiguration", name=name, value="true", **scope)
        assert refused.value.errorcode == 531


async def test_groups_come_by_precedence(api: Api) -> None:
    found = await api.admin.call("listConfigurationGroups")
    assert found["count"] == 10
    assert [g["name"] for g in found["configurationgroup"]][::9] == ["Access", "Miscellaneous"]
    one = (await api.admin.call("listConfigurationGroups", group="Access"))["configurationgroup"][0]
    assert one["precedence"] == 1
    assert one["subgroup"][0] == {"name": "Account", "precedence": 1}


async def test_capabilities_follow_settings_and_the_caller(api: Api) -> None:
    joe = await api.user("joe")
    mine = (await api.admin.call("listCapabilities"))["capability"]
    assert mine["cloudstackversion"] == "4.23.0.0"
    assert mine["defaultuipagesize"] == 20
    assert mine["supportELB"] == "false"
    assert mine["dynamicrolesenabled"] is True
    assert mine["allowuserexpungerecovervm"] is True
    assert "apilimitmax" not in mine
    await api.admin.call("updateConfiguration", name="allow.user.create.projects", value="false")
    await api.admin.call("updateConfiguration", name="api.throttling.enabled", value="true")
    his = (await joe.call("listCapabilities"))["capability"]
    assert his["allowuserexpungerecovervm"] is False
    assert his["allowusercreateprojects"] is False
    assert his["apilimitmax"] == 25
    await api.admin.call("updateConfiguration", name="expose.cloudstack.version.api.list.capabilities", value="false")
    assert "cloudstackversion" not in (await joe.call("listCapabilities"))["capability"]
