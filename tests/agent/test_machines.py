"""The life of VMs and routers: start, look, move, stop."""

from __future__ import annotations

from tests.agent.cloud import (
    GIB,
    POOL,
    Cloud,
    access,
    ask,
    filer,
    make_volume,
    must,
    nic,
    start_router,
    start_vm,
    uuid,
    vm,
)

from lakh.agent.hypervisor import DomainSpec
from lakh.wire.message import CHECK, ROUTING, SUBSYSTEM

VM = "i-2-10-VM"


class Watcher:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def started(self, host: str, spec: DomainSpec) -> None:
        self.heard.append(("started", spec.name))

    def rebooted(self, host: str, name: str) -> None:
        self.heard.append(("rebooted", name))

    def stopped(self, host: str, name: str) -> None:
        self.heard.append(("stopped", name))

    def departed(self, name: str, number: int) -> None:
        self.heard.append((f"departed to {number}", name))


def test_a_started_vm_is_what_the_command_said() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    asked = start_vm(host, 10, ram=2 * GIB)
    spec = host.hypervisor.domain(VM).spec
    assert (spec.uuid, spec.vm_id, spec.cpus, spec.speed, spec.min_ram) == (asked["uuid"], 10, 1, 500, 2 * GIB)
    assert (spec.nics[0].mac, spec.nics[0].ip, spec.nics[0].nic_uuid) == ("02:00:00:00:00:0a", "10.1.0.10", uuid(1010))
    assert spec.disks[0].volume == uuid(10)
    assert must(host, "CheckVirtualMachineCommand", vmName=VM).body["state"] == "PowerOn"
    port = must(host, "GetVncPortCommand", id=10, name=VM).body
    assert port["address"] == "10.1.0.1"
    assert port["port"] >= 5900
    assert must(host, "RebootCommand", vmName=VM).body["vncPort"] == port["port"] - 5900
    assert must(host, "GetVmIpAddressCommand", vmName=VM, vmNetworkCidr="10.1.0.0/16").details == "10.1.0.10"


def test_what_is_not_there_is_off_and_stopped() -> None:
    host = Cloud().hosts[0]
    assert must(host, "StopCommand", vmName=VM).name == "StopAnswer"
    assert must(host, "CheckVirtualMachineCommand", vmName=VM).body["state"] == "PowerOff"


def test_interfaces_come_and_go() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_vm(host, 10)
    second = nic(50, "10.9.0.50", deviceId=1, broadcastUri="vlan://200")
    for _ in range(2):
        assert must(host, "PlugNicCommand", nic=second, instanceName=VM).details == "success"
    must(host, "UpdateVmNicCommand", nicMacAddress=second["mac"], instanceName=VM, enabled=False)
    assert [n.enabled for n in host.hypervisor.domain(VM).spec.nics] == [True, False]
    for _ in range(2):
        must(host, "UnPlugNicCommand", nic=second, instanceName=VM)
    assert len(host.hypervisor.domain(VM).spec.nics) == 1
    make_volume(cloud.hosts[1], 11)
    must(cloud.hosts[1], "StartCommand", vm=vm(11, nics=[nic(50, "10.9.0.50", broadcastUri="vlan://200")]))


def test_a_migration_leaves_the_vm_in_one_place() -> None:
    watcher = Watcher()
    cloud = Cloud(watcher=watcher)
    source, target = cloud.hosts
    body = start_vm(source, 10, ram=4 * GIB, type="SecondaryStorageVm", bootArgs="type=secstorage")
    must(target, "PrepareForMigrationCommand", vm=body)
    assert must(target, "CheckVirtualMachineCommand", vmName=VM).body["state"] == "PowerOff"
    must(source, "MigrateCommand", vmName=VM, destinationIp=target.facts.private_ip)
    assert must(source, "CheckVirtualMachineCommand", vmName=VM).body["state"] == "PowerOff"
    assert must(target, "CheckVirtualMachineCommand", vmName=VM).body["state"] == "PowerOn"
    assert dict(target.hypervisor.power_report()) == {VM: "PowerOn"}
    assert source.hypervisor.host_usage().memory_bytes == 0
    assert target.hypervisor.host_usage().memory_bytes == 4 * GIB
    assert watcher.heard == [("started", VM), ("departed to 2", VM), ("started", VM)]
    must(target, "StopCommand", vmName=VM)
    must(source, "StartCommand", vm=body)  # addresses and volumes came along, and are free again


def test_a_migration_with_its_storage_opens_the_new_volume_and_closes_the_old() -> None:
    cloud = Cloud()
    source, target = cloud.hosts
    body = start_vm(source, 10)
    make_volume(target, 20)
    moved = {**body, "disks": vm(20)["disks"]}
    must(target, "PrepareForMigrationCommand", vm=moved)
    move = {f"/mnt/x/{uuid(10)}": {"diskType": "FILE", "sourceText": uuid(20)}}
    must(source, "MigrateCommand", vmName=VM, destinationIp=target.facts.private_ip, migrateStorage=move)
    assert target.hypervisor.domain(VM).spec.disks[0].volume == uuid(20)
    assert (cloud.storage.owner(POOL, uuid(10)), cloud.storage.owner(POOL, uuid(20))) == (0, 2)


def test_a_domain_arrives_as_it_was_announced_last() -> None:
    """An earlier migration was prepared and given up; since then the domain has got a disk."""
    cloud = Cloud()
    source, target = cloud.hosts
    body = start_vm(source, 10, ram=3 * GIB)
    must(target, "PrepareForMigrationCommand", vm=body)
    make_volume(source, 11)
    added = {**vm(11)["disks"][0], "diskSeq": 1}
    must(source, SUBSYSTEM + "AttachCommand", vmName=VM, disk=added)
    must(target, "PrepareForMigrationCommand", vm={**body, "disks": [*body["disks"], added]})
    must(source, "MigrateCommand", vmName=VM, destinationIp=target.facts.private_ip)
    assert [disk.volume for disk in target.hypervisor.domain(VM).spec.disks] == [uuid(10), uuid(11)]
    assert target.hypervisor.host_usage().memory_bytes == 3 * GIB


def test_a_prepared_migration_can_be_undone() -> None:
    cloud = Cloud(memory_bytes=4 * GIB)
    source, target = cloud.hosts
    body = start_vm(source, 10, ram=3 * GIB)
    must(target, "PrepareForMigrationCommand", vm=body)
    make_volume(target, 11)
    assert "cannot allocate memory" in ask(target, "StartCommand", vm=vm(11, ram=3 * GIB)).details
    must(target, "PrepareForMigrationCommand", vm=body, rollback=True)
    must(target, "StartCommand", vm=vm(11, ram=3 * GIB))
    assert not ask(source, "MigrateCommand", vmName=VM, destinationIp=target.facts.private_ip).body["result"]


def test_a_host_that_loses_power_loses_its_vms_and_their_locks() -> None:
    cloud = Cloud()
    body = start_vm(cloud.hosts[0], 10)
    assert cloud.hosts[0].hypervisor.lose_power() == [VM]  # type: ignore[attr-defined]
    must(cloud.hosts[1], "StartCommand", vm=body)


def test_neighbours_tell_a_dead_host_from_one_that_is_only_silent() -> None:
    cloud = Cloud(3)
    suspect, neighbour = cloud.hosts[0], cloud.hosts[1]
    start_vm(suspect, 10)
    asked = {"host": {"privateNetwork": {"ip": suspect.facts.private_ip}}}
    fence = {"vmName": VM, "hostIp": suspect.facts.private_ip}
    volumes = {"pool": filer(), "volumeList": f"{uuid(10)},"}
    assert must(neighbour, "CheckOnHostCommand", **asked).body["alive"] is True
    assert "is beating" in ask(neighbour, "FenceCommand", **fence).details
    assert "is being written to" in ask(neighbour, "CheckVMActivityOnStoragePoolCommand", **volumes).details
    suspect.hypervisor.lose_power()  # type: ignore[attr-defined]
    assert must(neighbour, "CheckOnHostCommand", **asked).body["alive"] is False
    must(neighbour, "FenceCommand", **fence)
    must(neighbour, "CheckVMActivityOnStoragePoolCommand", **volumes)  # true: no activity
    suspect.hypervisor.regain_power()  # type: ignore[attr-defined]
    assert must(neighbour, "CheckOnHostCommand", **asked).body["alive"] is True
    stranger = {"host": {"privateNetwork": {"ip": "10.9.9.9"}}}
    assert ask(neighbour, "CheckOnHostCommand", **stranger).body["determined"] is False


def test_snapshots_of_a_vm() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    target = {"snapshotName": "s1", "type": "DiskAndMemory"}
    volumes = [{"uuid": uuid(10)}]
    for name in ("CreateVMSnapshotCommand", "RevertToVMSnapshotCommand"):
        assert must(host, name, vmName=VM, target=target, volumeTOs=volumes).body["volumeTOs"] == volumes
    assert host.hypervisor.power(VM) == "PowerOn"
    disks = {"snapshotName": "s2", "type": "Disk"}
    must(host, "CreateVMSnapshotCommand", vmName=VM, target=disks)
    assert must(host, "RevertToVMSnapshotCommand", vmName=VM, target=disks).body["vmState"] == "PowerOff"


def test_security_group_rules_are_told_in_pings() -> None:
    host = Cloud().hosts[0]
    start_vm(host, 10)
    answer = must(host, "SecurityGroupRulesCmd", vmName=VM, vmId=10, seqNum=3)
    assert (answer.body["vmId"], answer.body["logSequenceNumber"]) == (10, 3)
    assert host.rulesets == {VM: (10, 3)}
    absent = ask(host, "SecurityGroupRulesCmd", vmName="i-2-99-VM", vmId=99, seqNum=1)
    assert (absent.body["result"], absent.body["reason"]) == (False, "PROGRAMMING_FAILED")


def test_statistics_are_of_those_asked_and_grow() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_vm(host, 10)
    first = must(host, "GetVmStatsCommand", vmNames=[VM, "i-2-99-VM"]).body["vmStatsMap"]
    assert list(first) == [VM]
    cloud.clock.seconds += 60
    second = must(host, "GetVmStatsCommand", vmNames=[VM]).body["vmStatsMap"]
    cloud.clock.seconds += 120
    third = must(host, "GetVmStatsCommand", vmNames=[VM]).body["vmStatsMap"]
    assert first[VM]["networkReadKBs"] == 0.0
    assert 0 < second[VM]["networkReadKBs"] * 1.9 < third[VM]["networkReadKBs"] < second[VM]["networkReadKBs"] * 2.1
    total = must(host, "GetHostStatsCommand", hostId=7).body["hostStats"]
    assert total["freeMemoryKBs"] == 15 * GIB / 1024
    assert total["hostId"] == 7


# --- routers ---------------------------------------------------------------------------------------------------------
def lease(ip: str, mac: str, router: str = "r-4-VM") -> dict[str, object]:
    return {"vmMac": mac, "vmIpAddress": ip, "vmName": "web", "isDefault": True, "accessDetails": access(router)}


def test_a_router_knows_its_guests() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_router(host, 4)
    assert must(host, CHECK + "CheckSshCommand", name="r-4-VM", ip="169.254.0.4", port=3922).name == "CheckSshAnswer"
    version = must(host, "GetDomRVersionCmd", accessDetails=access("r-4-VM")).body["templateVersion"]
    assert version.split()[2] == "4.23.0"
    must(host, ROUTING + "DhcpEntryCommand", **lease("10.1.1.9", "02:00:00:00:09:09"))
    data = {"vmIpAddress": "10.1.1.9", "vmData": [["userdata", "user-data", "eA=="], ["metadata", "vm-id", "10"]]}
    must(host, ROUTING + "VmDataCommand", **data, accessDetails=access("r-4-VM"))
    must(host, ROUTING + "SavePasswordCommand", vmIpAddress="10.1.1.9", password="p", accessDetails=access("r-4-VM"))
    (known,) = cloud.routers.of("r-4-VM").leases()
    assert (known.ip, known.mac, known.is_default, known.has_dhcp) == ("10.1.1.9", "02:00:00:00:09:09", True, True)
    assert (known.has_password, known.data_files) == (True, 2)
    must(host, ROUTING + "DhcpEntryCommand", **lease("10.1.1.9", "02:00:00:00:09:09"), remove=True)
    assert list(cloud.routers.of("r-4-VM").leases()) == []


def test_aggregated_commands_apply_at_finish() -> None:
    cloud = Cloud()
    host = cloud.hosts[0]
    start_router(host, 4)
    details = access("r-4-VM")
    must(host, ROUTING + "AggregationControlCommand", action="Start", accessDetails=details)
    must(host, ROUTING + "DhcpEntryCommand", **lease("10.1.1.9", "02:00:00:00:09:09"))
    rules = [{"id": 5, "srcIp": "192.0.2.7", "revoked": False}, {"id": 6, "revoked": True}]
    must(host, ROUTING + "SetFirewallRulesCommand", rules=rules, accessDetails=details)
    monitor = must(host, ROUTING + "SetMonitorServiceCommand", services=[], accessDetails=details)
    assert monitor.name == "Answer"
    assert list(cloud.routers.of("r-4-VM").leases()) == []
    assert must(host, "GetDomRVersionCmd", accessDetails=details).name == "GetDomRVersionAnswer"
    must(host, ROUTING + "AggregationControlCommand", action="Finish", accessDetails=details)
    router = cloud.routers.of("r-4-VM")
    assert [known.ip for known in router.leases()] == ["10.1.1.9"]
    assert list(router.rules["firewall"]) == ["5"]
    assert must(host, ROUTING + "SetMonitorServiceCommand", services=[], accessDetails=details).name == "GroupAnswer"


def test_a_stopped_router_forgets_and_a_moved_one_does_not() -> None:
    cloud = Cloud()
    source, target = cloud.hosts
    start_router(source, 4)
    must(source, ROUTING + "DhcpEntryCommand", **lease("10.1.1.9", "02:00:00:00:09:09"))
    spec = {"id": 4, "name": "r-4-VM", "type": "DomainRouter", "minRam": GIB, "maxRam": GIB, "nics": [], "disks": []}
    must(target, "PrepareForMigrationCommand", vm=spec)
    must(source, "MigrateCommand", vmName="r-4-VM", destinationIp=target.facts.private_ip)
    must(target, ROUTING + "DhcpEntryCommand", **lease("10.1.1.10", "02:00:00:00:09:0a"))
    assert len(list(cloud.routers.of("r-4-VM").leases())) == 2
    must(target, "StopCommand", vmName="r-4-VM")
    assert cloud.routers.get("r-4-VM") is None


def test_a_redundant_pair_has_one_primary() -> None:
    cloud = Cloud()
    for number, state in ((4, "PRIMARY"), (5, "BACKUP")):
        start_router(cloud.hosts[number - 4], number, bootArgs=f"redundant_router=1 redundant_state={state}")
    states = [
        must(host, "CheckRouterCommand", accessDetails=access(f"r-{number}-VM")).body["state"]
        for host, number in zip(cloud.hosts, (4, 5), strict=True)
    ]
    assert states == ["PRIMARY", "BACKUP"]
