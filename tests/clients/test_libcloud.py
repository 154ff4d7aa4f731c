"""apache-libcloud's CloudStack driver as people install it, through its public methods."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from libcloud.common.types import InvalidCredsError
from libcloud.compute.types import KeyPairDoesNotExistError, NodeState, StorageVolumeState
from tests.clients.live import Live


@pytest.fixture
def driver(live: Live) -> Any:
    return live.driver()


def _in_zone(live: Live, driver: Any, number: int = 0) -> dict[str, Any]:
    """What create_node wants, of the zone with that number."""
    zone = live.built.zones[number]
    (location,) = [place for place in driver.list_locations() if place.id == zone.id]
    (image,) = [image for image in driver.list_images(location) if image.id == zone.template_id]
    (size,) = [size for size in driver.list_sizes() if size.name == "Demo"]
    (network,) = [network for network in driver.ex_list_networks() if network.id == zone.network_id]
    return {"location": location, "image": image, "size": size, "networks": [network]}


def _state(driver: Any, node: Any) -> str:
    return str(driver.ex_get_node(node.id).state)


def test_what_there_is_to_choose_from(live: Live, driver: Any) -> None:
    assert {place.name for place in driver.list_locations()} == {zone.name for zone in live.built.zones}
    sizes = {size.name: (size.ram, size.extra["cpu"]) for size in driver.list_sizes()}
    assert sizes["Demo"] == (512, 1)
    assert sizes["Medium Instance"] == (1024, 1)
    images = {image.name: image.extra for image in driver.list_images()}
    assert {f"debian-12-{zone.name}" for zone in live.built.zones} <= images.keys()
    assert images["debian-12-zone-1"]["hypervisor"] == "KVM"
    assert images["debian-12-zone-1"]["format"] == "QCOW2"
    assert images["debian-12-zone-1"]["os"].startswith("Debian")
    networks = {network.name: network for network in driver.ex_list_networks()}
    assert networks["demo"].zoneid == live.built.zones[0].id
    disks = {offering.name: (offering.size, offering.customizable) for offering in driver.ex_list_disk_offerings()}
    assert disks["Demo disk"] == (5, False)
    assert disks["Custom"] == (0, True)
    assert len(driver.ex_list_os_types()) > 300
    assert driver.ex_limits()["max_instances"] == -1


def test_a_node_from_creation_to_destruction(live: Live, driver: Any) -> None:
    node = driver.create_node(name="lc-node", ex_displayname="Lib cloud", ex_start_vm=True, **_in_zone(live, driver))
    assert node.state == NodeState.RUNNING
    assert node.private_ips[0].startswith("10.1.")
    assert [found.name for found in driver.list_nodes() if found.id == node.id] == ["lc-node"]
    assert driver.ex_stop(node) == "Stopped"
    assert _state(driver, node) == NodeState.STOPPED
    assert driver.ex_start(node) == "Running"
    assert driver.reboot_node(node) is True
    assert _state(driver, node) == NodeState.RUNNING
    assert driver.destroy_node(node, ex_expunge=False) is True
    assert node.id not in {found.id for found in driver.list_nodes() if found.state == NodeState.RUNNING}


def test_a_node_may_stay_stopped(live: Live, driver: Any) -> None:
    node = driver.create_node(name="lc-stopped", ex_start_vm=False, **_in_zone(live, driver))
    assert node.state == NodeState.STOPPED
    driver.destroy_node(node)


def test_a_volume_from_creation_to_deletion(live: Live, driver: Any) -> None:
    wanted = _in_zone(live, driver)
    node = driver.create_node(name="lc-disks", ex_start_vm=True, **wanted)
    volume = driver.create_volume(7, "lc-data", location=wanted["location"])
    assert driver.attach_volume(node, volume) is True
    attached = {found.name: found for found in driver.list_volumes(node=node)}
    assert attached["lc-data"].state == StorageVolumeState.INUSE
    assert len(attached) == 2
    assert driver.ex_get_volume(volume.id).extra["instance_id"] == node.id
    assert driver.detach_volume(volume) is True
    assert driver.ex_get_volume(volume.id).state == StorageVolumeState.AVAILABLE
    assert driver.destroy_volume(volume) is True
    assert volume.id not in {found.id for found in driver.list_volumes()}
    driver.destroy_node(node)


def test_key_pairs(live: Live, driver: Any) -> None:
    made = driver.create_key_pair("lc-made")
    assert "PRIVATE KEY" in made.private_key
    public = rsa.generate_private_key(65537, 2048).public_key()
    text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    imported = driver.import_key_pair_from_string("lc-imported", f"{text} joe@example.org")
    assert imported.fingerprint.replace(":", "") == hashlib.md5(base64.b64decode(text.split()[1])).hexdigest()
    assert {pair.name for pair in driver.list_key_pairs()} >= {"lc-made", "lc-imported"}
    assert driver.get_key_pair("lc-made").fingerprint == made.fingerprint
    for pair in (made, imported):
        driver.delete_key_pair(pair)  # answers False on any CloudStack since success became a boolean
    with pytest.raises(KeyPairDoesNotExistError):
        driver.get_key_pair("lc-made")


def test_tags_of_a_node(live: Live, driver: Any) -> None:
    node = driver.create_node(name="lc-tags", ex_start_vm=False, **_in_zone(live, driver))
    assert driver.ex_create_tags([node.id], "UserVm", {"Owner": "joe", "Use": "test of ~[1]*"}) is True
    assert driver.ex_get_node(node.id).extra["tags"] == {"Owner": "joe", "Use": "test of ~[1]*"}
    assert driver.ex_delete_tags([node.id], "UserVm", ["Use"]) is True
    assert driver.ex_get_node(node.id).extra["tags"] == {"Owner": "joe"}
    driver.destroy_node(node)


def test_wrong_keys_are_told(live: Live) -> None:
    with pytest.raises(InvalidCredsError):
        live.driver(("no-such-key", "secret")).list_locations()
