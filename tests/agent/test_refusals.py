"""What a host refuses, the fake refuses too: each by name."""

from __future__ import annotations

import pytest
from tests.agent.cloud import (
    GIB,
    OTHER_POOL,
    POOL,
    Cloud,
    access,
    ask,
    command,
    filer,
    make_volume,
    must,
    nic,
    refused,
    router_vm,
    snapshot,
    start_router,
    start_vm,
    template,
    uuid,
    vm,
    volume,
)

from lakh.agent.dispatch import execute, supported
from lakh.agent.host import HOST, SystemVm
from lakh.wire.message import CA, LB, STORAGE, SUBSYSTEM, Message

CREATE = SUBSYSTEM + "CreateObjectCommand"
ATTACH = SUBSYSTEM + "AttachCommand"
DETACH = SUBSYSTEM + "DettachCommand"
COPY = SUBSYSTEM + "CopyCommand"
DELETE = SUBSYSTEM + "DeleteCommand"


def disk(number: int, seq: int = 1) -> dict[str, object]:
    return {"data": volume(number), "diskSeq": seq, "type": "DATADISK", "path": uuid(number)}


def test_start_without_its_volume() -> None:
    host = Cloud().hosts[0]
    assert "does not exist" in refused(host, "StartCommand", vm=vm(10))
    assert host.hypervisor.power("i-2-10-VM") == "PowerOff"


def test_start_on_a_pool_that_is_not_connected() -> None:
    cloud = Cloud()
    make_volume(cloud.hosts[0], 10)
    must(cloud.hosts[1], "DeleteStoragePoolCommand", _pool=filer())
    assert "is not connected" in refused(cloud.hosts[1], "StartCommand", vm=vm(10))


def test_start_of_a_second_domain_of_that_name() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    make_volume(host, 11)
    other = vm(11, name="i-2-10-VM")
    assert "already exists" in refused(host, "StartCommand", vm=other)
    assert host.hypervisor.domain("i-2-10-VM").spec.vm_id == 10


def test_a_refused_start_gives_the_vm_back_and_leaves_nothing_behind() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    make_volume(host, 10)
    asked = vm(10, disks=[{"data": volume(10), "diskSeq": 0, "type": "ROOT"}, disk(99)])
    answer = ask(host, "StartCommand", vm=asked)
    assert answer.name == "StartAnswer"
    assert answer.body["vm"] == asked
    assert cloud.storage.owner(POOL, uuid(10)) == 0
    must(host, "StartCommand", vm=vm(10))


@pytest.mark.parametrize("where", [0, 1])
def test_a_mac_in_use_here_or_elsewhere(where: int) -> None:
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    make_volume(cloud.hosts[0], 11)
    thief = vm(11, nics=[nic(10, "10.1.9.9")])
    assert "MAC address 02:00:00:00:00:0a" in refused(cloud.hosts[where], "StartCommand", vm=thief)


@pytest.mark.parametrize("where", [0, 1])
def test_an_address_in_use_here_or_elsewhere(where: int) -> None:
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    make_volume(cloud.hosts[0], 11)
    assert "IP address 10.1.0.10" in refused(cloud.hosts[where], "StartCommand", vm=vm(11, nics=[nic(11, "10.1.0.10")]))
    elsewhere = nic(11, "10.1.0.10", broadcastUri="vlan://200")
    must(cloud.hosts[where], "StartCommand", vm=vm(11, nics=[elsewhere]))


def test_another_zone_has_vlans_of_its_own() -> None:
    """Networks of the same VLAN in two zones may have the same addresses, but never the same MAC."""
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    far = cloud.new_host(3, zone="2")
    cloud.connect(far)
    make_volume(far, 11)
    must(far, "StartCommand", vm=vm(11, nics=[nic(11, "10.1.0.10")]))
    make_volume(far, 12)
    assert "MAC address 02:00:00:00:00:0a" in refused(far, "StartCommand", vm=vm(12, nics=[nic(10, "10.1.0.12")]))


def test_addresses_are_free_again_after_a_stop_and_a_failed_start() -> None:
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    must(cloud.hosts[0], "StopCommand", vmName="i-2-10-VM")
    assert refused(cloud.hosts[0], "StartCommand", vm=vm(11, nics=[nic(10)]))  # no volume 11
    must(cloud.hosts[1], "StartCommand", vm=vm(10))


def test_without_a_register_a_host_still_checks_itself() -> None:
    cloud = Cloud(1)
    host = cloud.hosts[0]
    host.hypervisor._addresses = None  # type: ignore[attr-defined]
    start_vm(host, 10)
    make_volume(host, 11)
    assert "MAC address" in refused(host, "StartCommand", vm=vm(11, nics=[nic(10, "10.1.9.9")]))
    assert "IP address" in refused(host, "StartCommand", vm=vm(11, nics=[nic(11, "10.1.0.10")]))


def test_more_memory_than_the_host_has() -> None:
    host = Cloud(memory_bytes=4 * GIB).hosts[0]
    start_vm(host, 10, ram=3 * GIB)
    make_volume(host, 11)
    assert "cannot allocate memory" in refused(host, "StartCommand", vm=vm(11, ram=2 * GIB))
    overcommitted = {**vm(11, ram=2 * GIB), "minRam": GIB}
    must(host, "StartCommand", vm=overcommitted)
    assert "cannot allocate memory" in refused(
        host,
        "ScaleVmCommand",
        vmName="i-2-11-VM",
        vm={"name": "i-2-11-VM", "cpus": 1, "minRam": 3 * GIB, "maxRam": 3 * GIB},
    )


def test_a_volume_that_another_host_writes_to() -> None:
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    twin = {**vm(10), "name": "i-2-12-VM", "nics": [nic(12)]}
    assert 'failed to get "write" lock' in refused(cloud.hosts[1], "StartCommand", vm=twin)
    assert "in use" in refused(cloud.hosts[1], DELETE, data=volume(10))


def test_attach_of_an_unknown_disk() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    assert "does not exist" in refused(host, ATTACH, disk=disk(77), vmName="i-2-10-VM")
    make_volume(host, 77)
    assert "is not running" in refused(host, ATTACH, disk=disk(77), vmName="i-2-99-VM")
    must(host, ATTACH, disk=disk(77), vmName="i-2-10-VM")
    make_volume(host, 78)
    assert "already has a disk on device 1" in refused(host, ATTACH, disk=disk(78), vmName="i-2-10-VM")


def test_detach_of_a_disk_that_is_not_attached() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    make_volume(host, 77)
    assert "is not attached" in refused(host, DETACH, disk=disk(77), vmName="i-2-10-VM")


def test_volumes_on_a_pool_that_is_not_connected() -> None:
    host = Cloud().hosts[0]
    assert "is not connected" in refused(host, CREATE, data=volume(10, pool=OTHER_POOL))
    target = volume(10, pool=OTHER_POOL)
    assert "is not connected" in refused(host, COPY, srcTO=template(), destTO=target)
    assert "is not connected" in refused(host, "GetStorageStatsCommand", id=OTHER_POOL)
    assert "is not connected" in refused(host, DELETE, data=volume(10, pool=OTHER_POOL))


def test_a_volume_of_no_size_or_of_another_size() -> None:
    host = Cloud().hosts[0]
    assert "size of 0 bytes" in refused(host, CREATE, data=volume(10, size=0))
    make_volume(host, 10)
    assert "already exists" in refused(host, CREATE, data=volume(10, size=2 * GIB))


def test_a_clone_without_its_template() -> None:
    host = Cloud().hosts[0]
    missing = template(on_primary=uuid(5))
    assert "does not exist" in refused(host, COPY, srcTO=missing, destTO=volume(10))


def test_a_pool_that_is_full() -> None:
    cloud = Cloud(1)
    usage = cloud.storage.usage(POOL)
    big = template(size=usage.capacity_bytes, physicalSize=usage.capacity_bytes + 1)
    target = template(to_primary=True, path="")
    assert "no space left" in refused(cloud.hosts[0], COPY, srcTO=big, destTO=target)
    assert cloud.storage.usage(POOL).used_bytes == 0


def test_a_file_that_was_deleted_from_secondary_storage() -> None:
    host = Cloud().hosts[0]
    must(host, DELETE, data=template())
    assert "no such file" in refused(host, COPY, srcTO=template(), destTO=template(to_primary=True, path=""))


def test_shrinking_a_volume_unasked() -> None:
    host = Cloud().hosts[0]
    make_volume(host, 10, 2 * GIB)
    shrink = {"path": uuid(10), "pool": filer(), "currentSize": 2 * GIB, "newSize": GIB}
    assert "must not shrink" in refused(host, STORAGE + "ResizeVolumeCommand", **shrink)
    must(host, STORAGE + "ResizeVolumeCommand", **shrink, shrinkOk=True)


def test_snapshots_of_what_is_not_there() -> None:
    host = Cloud().hosts[0]
    assert "does not exist" in refused(host, CREATE, data=snapshot(1, 10))
    start_vm(host, 10)
    gone = {"snapshotName": "s", "type": "Disk"}
    assert "has no snapshot" in refused(host, "RevertToVMSnapshotCommand", vmName="i-2-10-VM", target=gone)


def test_a_migration_that_nobody_prepared_for() -> None:
    cloud = Cloud()
    start_vm(cloud.hosts[0], 10)
    assert "not prepared" in refused(cloud.hosts[0], "MigrateCommand", vmName="i-2-10-VM", destinationIp="10.1.0.2")
    assert "is not running" in refused(cloud.hosts[0], "MigrateCommand", vmName="i-2-11-VM", destinationIp="10.1.0.2")


def test_migration_to_a_host_without_room_or_pool() -> None:
    cloud = Cloud()
    body = start_vm(cloud.hosts[0], 10)
    huge = {**body, "minRam": 64 * GIB, "maxRam": 64 * GIB}
    assert "cannot allocate memory" in refused(cloud.hosts[1], "PrepareForMigrationCommand", vm=huge)
    assert "already exists" in refused(cloud.hosts[0], "PrepareForMigrationCommand", vm=body)
    must(cloud.hosts[1], "DeleteStoragePoolCommand", _pool=filer())
    assert "is not connected" in refused(cloud.hosts[1], "PrepareForMigrationCommand", vm=body)


def test_a_stop_that_must_not_hurt_a_running_vm() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    assert refused(host, "StopCommand", vmName="i-2-10-VM", checkBeforeCleanup=True) == "vm is still running on host"
    assert host.hypervisor.power("i-2-10-VM") == "PowerOn"


def test_routers_that_do_not_run_here() -> None:
    cloud = Cloud()
    name = start_router(cloud.hosts[0], 4)
    entry = {"vmMac": "02:00:00:00:00:01", "vmIpAddress": "10.1.1.5", "accessDetails": access(name)}
    routing = "com.cloud.agent.api.routing.DhcpEntryCommand"
    assert "not running on this host" in refused(cloud.hosts[1], routing, **entry)
    assert "names no router" in refused(cloud.hosts[0], routing, vmMac="x", vmIpAddress="10.1.1.5")
    must(cloud.hosts[0], routing, **entry)
    assert refused(cloud.hosts[1], "com.cloud.agent.api.check.CheckSshCommand", name=name, ip="169.254.0.4", port=3922)


def test_routers_with_the_same_control_address_on_one_host() -> None:
    cloud = Cloud()
    start_router(cloud.hosts[0], 4)
    make_volume(cloud.hosts[0], 5)
    twin = router_vm(5, nics=[nic(5, "169.254.0.4", type="Control", broadcastUri="", uuid=uuid(901))])
    assert "IP address 169.254.0.4" in refused(cloud.hosts[0], "StartCommand", vm=twin)
    must(cloud.hosts[1], "StartCommand", vm=twin)


def test_routers_of_two_zones_may_have_the_same_link_local_address_and_mac() -> None:
    cloud = Cloud()
    control = nic(4, "169.254.0.4", type="Control", broadcastUri="", uuid=uuid(901), mac="0e:00:a9:fe:00:04")
    start_router(cloud.hosts[0], 4, nics=[control])
    start_router(cloud.hosts[1], 5, nics=[control])
    make_volume(cloud.hosts[0], 6)
    assert "0e:00:a9:fe:00:04 is already in use" in refused(
        cloud.hosts[0], "StartCommand", vm=router_vm(6, nics=[control])
    )


def test_anything_before_ready() -> None:
    cloud = Cloud(ready=False)
    host = cloud.hosts[0]
    early = {"Ready", "CheckNetwork", "ModifyStoragePool", "CreateStoragePool", "DeleteStoragePool", "Stop", "Shutdown"}
    early |= {
        "SetupPersistentNetwork",
        "CleanupPersistentNetworkResource",
        "SetHostParams",
        "ModifySshKeys",
        "Maintain",
    }
    early |= {"UpdateHostPassword", "CheckHealth", "PingTest", "CheckOnHost", "CheckVMActivityOnStoragePool"}
    early |= {"CheckVirtualMachine", "SetupMSList", "MigrateAgentConnection", "SetupKeyStore", "SetupCertificate"}
    early |= {"CleanupNetworkRulesCmd"}
    for java_class in supported(HOST):
        answer = execute(host, Message(java_class, {"contextMap": {}}))
        name = java_class.rpartition(".")[2].removesuffix("Command")
        assert ("is not ready yet" in answer.details) == (name not in early), java_class
    start = ask(host, "StartCommand", vm=vm(1))
    assert (start.name, start.result, start.body["vm"]["id"]) == ("StartAnswer", False, 1)


def test_a_certificate_for_another_key() -> None:
    cloud = Cloud()
    assert "SetupKeyStoreCommand must come first" in refused(
        cloud.hosts[0], CA + "SetupCertificateCommand", certificate="x", handleByAgent=True
    )
    must(cloud.hosts[0], CA + "SetupKeyStoreCommand", validityDays=1, keystorePassword="x", handleByAgent=True)
    assert refused(cloud.hosts[0], CA + "SetupCertificateCommand", certificate="x", handleByAgent=True)
    assert cloud.hosts[0].keystore is None


def test_malformed_commands_are_answered() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    assert "field vm is missing" in refused(host, "StartCommand")
    assert "malformed" in refused(host, "StartCommand", vm=[1])
    make_volume(host, 1)
    assert "malformed" in refused(host, "StartCommand", vm=vm(1, nics=[nic(1), nic(2, "no address")]))
    huge = volume(2, size=1 << 70, made=False)
    used = cloud.storage.usage(POOL)
    assert "malformed" in refused(host, CREATE, data=huge)
    assert cloud.storage.usage(POOL) == used
    assert "malformed" in refused(host, CREATE, data={})
    must(host, "StartCommand", vm=vm(1))  # and nothing of it was kept
    assert "field triggerHostLb is missing" in refused(host, LB + "SetupMSListCommand", msList=[])
    unknown = execute(host, command("com.example.NewCommand"))
    assert unknown.name == "UnsupportedAnswer"
    assert unknown.details.startswith("Unsupported command issued: com.example.NewCommand.  Are you sure")


def test_a_migration_of_agents_to_nowhere() -> None:
    host = Cloud().hosts[0]
    details = refused(host, "MigrateAgentConnectionCommand", msList=["10.0.0.1"], avoidMsList=["10.0.0.1"])
    assert "no management server is left" in details


def test_a_secondary_storage_vm_refuses_before_ready_and_what_it_cannot_reach() -> None:
    cloud = Cloud()
    agent: SystemVm = cloud.system_vm()
    url = {"url": "http://example.org/x.qcow2", "id": 5, "installPath": "template/tmpl/2/5/", "name": "x"}
    assert "is not ready yet" in refused(agent, SUBSYSTEM + "DownloadCommand", **url)
    must(agent, "ReadyCommand", hostId=9)
    assert "is not a url" in refused(agent, SUBSYSTEM + "DownloadCommand", **{**url, "url": "nothing"})
    assert "does not reach primary" in refused(agent, COPY, srcTO=template(on_primary="x"), destTO=template())
    assert "no such file" in refused(agent, COPY, srcTO=template(), destTO=template())
