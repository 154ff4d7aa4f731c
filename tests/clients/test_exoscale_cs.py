"""exoscale's `cs` as people install it, the way Ansible modules and scripts use it."""

from __future__ import annotations

from typing import Any

import pytest
from cs import CloudStackApiException
from tests.clients.live import Live


@pytest.fixture
def client(live: Live) -> Any:
    return live.cs()


def _deployment(live: Live, **more: Any) -> dict[str, Any]:
    zone = live.built.zones[0]
    return {
        "zoneid": zone.id,
        "templateid": zone.template_id,
        "serviceofferingid": live.built.offering_id,
        "networkids": [zone.network_id],
        **more,
    }


def test_what_there_is_to_choose_from(live: Live, client: Any) -> None:
    names = {zone["name"] for zone in client.listZones(fetch_list=True)}
    assert names == {zone.name for zone in live.built.zones}
    assert "Demo" in {offering["name"] for offering in client.listServiceOfferings(fetch_list=True, page_size=2)}
    (template,) = client.listTemplates(templatefilter="executable", name="debian-12-zone-1")["template"]
    assert (template["id"], template["isready"]) == (live.built.zones[0].template_id, True)
    networks = {network["id"]: network["name"] for network in client.listNetworks(fetch_list=True)}
    assert networks[live.built.zones[0].network_id] == "demo"


def test_a_vm_from_deployment_to_expunge(live: Live, client: Any) -> None:
    vm = client.deployVirtualMachine(fetch_result=True, **_deployment(live, name="cs-vm"))["virtualmachine"]
    assert vm["state"] == "Running"
    assert vm["nic"][0]["networkid"] == live.built.zones[0].network_id
    assert client.stopVirtualMachine(id=vm["id"], fetch_result=True)["virtualmachine"]["state"] == "Stopped"
    assert client.startVirtualMachine(id=vm["id"], fetch_result=True)["virtualmachine"]["state"] == "Running"
    assert client.rebootVirtualMachine(id=vm["id"], fetch_result=True)["virtualmachine"]["state"] == "Running"
    (listed,) = client.listVirtualMachines(id=vm["id"])["virtualmachine"]
    assert listed["state"] == "Running"
    assert "hostname" not in listed, "users do not see hosts"
    (seen,) = live.cs(live.admin_keys).listVirtualMachines(id=vm["id"])["virtualmachine"]
    assert seen["hostname"] in {host["name"] for host in live.cs(live.admin_keys).listHosts(type="Routing")["host"]}
    client.destroyVirtualMachine(id=vm["id"], fetch_result=True)
    live.cs(live.admin_keys).expungeVirtualMachine(id=vm["id"], fetch_result=True)
    assert client.listVirtualMachines(id=vm["id"]) == {}


def test_a_volume_from_creation_to_deletion(live: Live, client: Any) -> None:
    vm = client.deployVirtualMachine(fetch_result=True, **_deployment(live, name="cs-disks"))["virtualmachine"]
    (offering,) = client.listDiskOfferings(name="Demo disk")["diskoffering"]
    made = client.createVolume(
        name="cs-data", diskofferingid=offering["id"], zoneid=live.built.zones[0].id, fetch_result=True
    )["volume"]
    assert made["size"] == 5 << 30
    attached = client.attachVolume(id=made["id"], virtualmachineid=vm["id"], fetch_result=True)["volume"]
    assert (attached["virtualmachineid"], attached["state"], attached["deviceid"]) == (vm["id"], "Ready", 1)
    listed = client.listVolumes(virtualmachineid=vm["id"])
    assert {(volume["type"], volume["name"] == "cs-data") for volume in listed["volume"]} == {
        ("ROOT", False),
        ("DATADISK", True),
    }
    detached = client.detachVolume(id=made["id"], fetch_result=True)["volume"]
    assert "virtualmachineid" not in detached
    assert client.deleteVolume(id=made["id"]) == {"success": True}
    assert client.listVolumes(id=made["id"]) == {}
    client.destroyVirtualMachine(id=vm["id"], fetch_result=True)


def test_tags_and_keys(live: Live, client: Any) -> None:
    pair = client.createSSHKeyPair(name="cs-key")["keypair"]
    vm = client.deployVirtualMachine(
        fetch_result=True, **_deployment(live, name="cs-tagged", keypair="cs-key", startvm=False)
    )["virtualmachine"]
    assert vm["keypairs"] == "cs-key"
    client.createTags(
        resourceids=[vm["id"]], resourcetype="UserVm", tags=[{"key": "role", "value": "web"}], fetch_result=True
    )
    (tag,) = client.listTags(resourceid=vm["id"])["tag"]
    assert (tag["key"], tag["value"], tag["resourcetype"]) == ("role", "web", "UserVm")
    found = client.listVirtualMachines(tags=[{"key": "role", "value": "web"}])
    assert [one["id"] for one in found["virtualmachine"]] == [vm["id"]]
    client.deleteTags(resourceids=[vm["id"]], resourcetype="UserVm", tags=[{"key": "role"}], fetch_result=True)
    assert client.listTags(resourceid=vm["id"]) == {}
    assert client.deleteSSHKeyPair(name=pair["name"]) == {"success": True}
    client.destroyVirtualMachine(id=vm["id"], fetch_result=True)


def test_a_refusal_names_the_parameter(live: Live, client: Any) -> None:
    with pytest.raises(CloudStackApiException) as refused:
        client.deployVirtualMachine(**_deployment(live, serviceofferingid="0190abcd-0000-7000-8000-00000000beef"))
    assert refused.value.error["errorcode"] == 431
    assert "serviceofferingid" in refused.value.error["errortext"]
