"""Security groups through libcloud's and exoscale's clients: groups, their rules, and who is in them."""

from __future__ import annotations

from typing import Any

import pytest
from cs import CloudStackApiException
from libcloud.common.types import LibcloudError
from tests.clients.live import Live


def test_libcloud_makes_opens_closes_and_deletes_a_group(live: Live) -> None:
    driver = live.driver()
    assert "default" in {group["name"] for group in driver.ex_list_security_groups()}
    made = driver.ex_create_security_group("lc-web", description="what the web may reach")
    assert (made["name"], made["description"], made["account"]) == ("lc-web", "what the web may reach", "demo")
    with pytest.raises(LibcloudError, match="already exists"):
        driver.ex_create_security_group("lc-web")
    opened = driver.ex_authorize_security_group_ingress("lc-web", "tcp", "198.51.100.0/24", startport=80, endport=81)
    (rule,) = opened["ingressrule"]
    assert (rule["protocol"], rule["startport"], rule["endport"], rule["cidr"]) == ("tcp", 80, 81, "198.51.100.0/24")
    driver.ex_authorize_security_group_ingress("lc-web", "icmp", "0.0.0.0/0", icmptype=8, icmpcode=0)
    (group,) = driver.ex_list_security_groups(securitygroupname="lc-web")
    assert {one["protocol"] for one in group["ingressrule"]} == {"tcp", "icmp"}
    for one in group["ingressrule"]:
        assert driver.ex_revoke_security_group_ingress(one["ruleid"]) is True
    (group,) = driver.ex_list_security_groups(securitygroupname="lc-web")
    assert group["ingressrule"] == []
    assert driver.ex_delete_security_group("lc-web") is True
    assert driver.ex_list_security_groups(securitygroupname="lc-web") == []


def test_cs_opens_a_group_to_another_one(live: Live) -> None:
    client = live.cs()
    front = client.createSecurityGroup(name="cs-front")["securitygroup"]
    back = client.createSecurityGroup(name="cs-back")["securitygroup"]
    opened = client.authorizeSecurityGroupIngress(
        securitygroupid=back["id"],
        protocol="tcp",
        startport=5432,
        endport=5432,
        usersecuritygrouplist=[{"account": "demo", "group": "cs-front"}],
        fetch_result=True,
    )["securitygroup"]
    (rule,) = opened["ingressrule"]
    assert (rule["account"], rule["securitygroupname"]) == ("demo", "cs-front")
    with pytest.raises(CloudStackApiException) as refused:
        client.deleteSecurityGroup(id=front["id"])
    assert refused.value.error["errorcode"] == 536, "a rule of another group names it"
    client.revokeSecurityGroupIngress(id=rule["ruleid"], fetch_result=True)
    for group in (front, back):
        assert client.deleteSecurityGroup(id=group["id"]) == {"success": True}


def test_an_instance_is_in_the_groups_it_was_given(live: Live) -> None:
    if len(live.built.zones) < 2:
        pytest.fail("the installation has no zone with security groups")
    client, zone = live.cs(), live.built.zones[1]
    group = client.createSecurityGroup(name="cs-members")["securitygroup"]
    deployment: dict[str, Any] = {
        "zoneid": zone.id,
        "templateid": zone.template_id,
        "serviceofferingid": live.built.offering_id,
        "networkids": [zone.network_id],
    }
    inside = client.deployVirtualMachine(
        name="cs-inside", securitygroupids=[group["id"]], fetch_result=True, **deployment
    )["virtualmachine"]
    outside = client.deployVirtualMachine(name="cs-outside", fetch_result=True, **deployment)["virtualmachine"]
    assert [one["name"] for one in inside["securitygroup"]] == ["cs-members"]
    assert [one["name"] for one in outside["securitygroup"]] == ["default"]
    found = client.listVirtualMachines(securitygroupid=group["id"])["virtualmachine"]
    assert [one["id"] for one in found] == [inside["id"]]
    for vm in (inside, outside):
        client.destroyVirtualMachine(id=vm["id"], fetch_result=True)
