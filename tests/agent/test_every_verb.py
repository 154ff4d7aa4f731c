"""Every command of every kind of agent has an example here, and answers with the class the reference names."""

from __future__ import annotations

from typing import Any

import pytest
from tests.agent.cloud import (
    GIB,
    OTHER_POOL,
    POOL,
    Cloud,
    access,
    ask,
    filer,
    make_volume,
    nic,
    secondary,
    snapshot,
    start_router,
    start_vm,
    template,
    uuid,
    vm,
    volume,
)

from lakh.agent.dispatch import supported
from lakh.agent.host import CONSOLE_PROXY, HOST, SECONDARY_STORAGE
from lakh.wire.message import API, CA, CHECK, DIRECT_DOWNLOAD, LB, PROXY, ROUTING, STORAGE, SUBSYSTEM

VM = "i-2-10-VM"
R = access("r-4-VM")
DATA_DISK = {"data": volume(20), "diskSeq": 1, "type": "DATADISK", "path": uuid(20)}
ROOT_DISK = {"data": volume(10), "diskSeq": 0, "type": "ROOT", "path": uuid(10)}
TARGET = {"snapshotName": "s1", "type": "DiskAndMemory"}
IP = {"publicIp": "192.0.2.7", "add": True, "sourceNat": True}
RULE = {"id": 1, "srcIp": "192.0.2.7", "protocol": "tcp", "srcPortRange": [80, 80], "revoked": False}
LEASE = {"vmMac": "02:00:00:00:01:01", "vmIpAddress": "10.1.1.9", "vmName": "web", "isDefault": True}
POOL_COMMAND = {"add": True, "pool": filer(OTHER_POOL), "localPath": "/mnt//y"}
PLAIN = API + "Answer"

Example = tuple[str, dict[str, Any], str]

HOST_EXAMPLES: list[Example] = [
    (API + "ReadyCommand", {"hostId": 7, "hostUuid": uuid(7), "hostName": "kvm-000001"}, API + "ReadyAnswer"),
    (API + "CheckNetworkCommand", {"networkInfoList": []}, API + "CheckNetworkAnswer"),
    (API + "ModifySshKeysCommand", {"_pubKey": "a", "_prvKey": "b"}, PLAIN),
    (API + "UpdateHostPasswordCommand", {"username": "root"}, PLAIN),
    (API + "SetupPersistentNetworkCommand", {"nic": nic(1)}, API + "SetupPersistentNetworkAnswer"),
    (
        API + "CleanupPersistentNetworkResourceCommand",
        {"nicTO": nic(1)},
        API + "CleanupPersistentNetworkResourceAnswer",
    ),
    (API + "SetHostParamsCommand", {"params": {"migratewait": "3600"}}, PLAIN),
    (API + "CleanupNetworkRulesCmd", {"interval": 1800}, PLAIN),
    (API + "ShutdownCommand", {"reason": "deleteHost", "removeHost": False}, PLAIN),
    (API + "MaintainCommand", {}, API + "MaintainAnswer"),
    (LB + "SetupMSListCommand", {"msList": ["10.0.0.1"], "triggerHostLb": False}, LB + "SetupMSListAnswer"),
    (API + "MigrateAgentConnectionCommand", {"avoidMsList": []}, API + "MigrateAgentConnectionAnswer"),
    (CA + "SetupKeyStoreCommand", {"validityDays": 1, "handleByAgent": True}, CA + "SetupKeystoreAnswer"),
    (API + "CheckHealthCommand", {}, API + "CheckHealthAnswer"),
    (API + "PingTestCommand", {"_computingHostIp": "10.1.0.2"}, PLAIN),
    (API + "CheckOnHostCommand", {"host": {}}, API + "CheckOnHostAnswer"),
    (API + "CheckVMActivityOnStoragePoolCommand", {"pool": filer(), "volumeList": f"{uuid(20)},"}, PLAIN),
    (API + "FenceCommand", {"vmName": "i-2-99-VM", "hostIp": "10.1.0.3"}, API + "FenceAnswer"),
    (API + "RollingMaintenanceCommand", {"stage": "PreFlight"}, API + "RollingMaintenanceAnswer"),
    (API + "GetHostStatsCommand", {"hostId": 7}, API + "GetHostStatsAnswer"),
    (API + "GetVmStatsCommand", {"vmNames": [VM]}, API + "GetVmStatsAnswer"),
    (API + "GetVmDiskStatsCommand", {"vmNames": [VM]}, API + "GetVmDiskStatsAnswer"),
    (API + "GetVmNetworkStatsCommand", {"vmNames": [VM]}, API + "GetVmNetworkStatsAnswer"),
    (API + "GetGPUStatsCommand", {}, API + "GetGPUStatsAnswer"),
    (API + "StartCommand", {"vm": vm(30)}, API + "StartAnswer"),
    (API + "StopCommand", {"vmName": VM}, API + "StopAnswer"),
    (API + "RebootCommand", {"vmName": VM}, API + "RebootAnswer"),
    (API + "RebootRouterCommand", {"vmName": "r-4-VM"}, API + "RebootAnswer"),
    (API + "CheckVirtualMachineCommand", {"vmName": VM}, API + "CheckVirtualMachineAnswer"),
    (API + "GetVncPortCommand", {"id": 10, "name": VM}, API + "GetVncPortAnswer"),
    (API + "ScaleVmCommand", {"vmName": VM, "vm": {**vm(10), "cpus": 2}}, API + "ScaleVmAnswer"),
    (API + "PlugNicCommand", {"nic": nic(50, deviceId=1), "instanceName": VM}, API + "PlugNicAnswer"),
    (API + "ReplugNicCommand", {"nic": nic(10), "instanceName": VM}, API + "ReplugNicAnswer"),
    (API + "UnPlugNicCommand", {"nic": nic(10), "instanceName": VM}, API + "UnPlugNicAnswer"),
    (
        API + "UpdateVmNicCommand",
        {"nicMacAddress": nic(10)["mac"], "instanceName": VM, "enabled": False},
        API + "UpdateVmNicAnswer",
    ),
    (API + "AttachIsoCommand", {"vmName": VM, "attach": True, "deviceKey": 3}, API + "AttachIsoAnswer"),
    (
        API + "HandleConfigDriveIsoCommand",
        {"isoFile": "x.iso", "isoData": "eA==", "create": True},
        API + "HandleConfigDriveIsoAnswer",
    ),
    (API + "GetVmIpAddressCommand", {"vmName": VM, "vmNetworkCidr": "10.1.0.0/16"}, PLAIN),
    (API + "GetUnmanagedInstancesCommand", {}, API + "GetUnmanagedInstancesAnswer"),
    (API + "PrepareForMigrationCommand", {"vm": vm(30)}, API + "PrepareForMigrationAnswer"),
    (API + "MigrateCommand", {"vmName": VM, "destinationIp": "10.1.0.2"}, API + "MigrateAnswer"),
    (API + "PreMigrationCommand", {"vmName": VM}, PLAIN),
    (API + "PostMigrationCommand", {"vmName": VM}, API + "PostMigrationAnswer"),
    (API + "CreateVMSnapshotCommand", {"vmName": VM, "target": TARGET}, API + "CreateVMSnapshotAnswer"),
    (API + "DeleteVMSnapshotCommand", {"vmName": VM, "target": TARGET}, API + "DeleteVMSnapshotAnswer"),
    (
        API + "RevertToVMSnapshotCommand",
        {"vmName": VM, "target": {**TARGET, "snapshotName": "s0"}},
        API + "RevertToVMSnapshotAnswer",
    ),
    (API + "RestoreVMSnapshotCommand", {"vmName": VM, "snapshots": [TARGET]}, API + "RestoreVMSnapshotAnswer"),
    (API + "FreezeThawVMCommand", {"vmName": VM, "option": "frozen"}, API + "FreezeThawVMAnswer"),
    (API + "ModifyStoragePoolCommand", POOL_COMMAND, API + "ModifyStoragePoolAnswer"),
    (API + "CreateStoragePoolCommand", POOL_COMMAND, PLAIN),
    (API + "DeleteStoragePoolCommand", {"_pool": filer(OTHER_POOL)}, PLAIN),
    (API + "PrepareStorageClientCommand", {"poolUuid": POOL}, API + "PrepareStorageClientAnswer"),
    (API + "UnprepareStorageClientCommand", {"poolUuid": POOL}, API + "UnprepareStorageClientAnswer"),
    (API + "GetStorageStatsCommand", {"id": POOL}, API + "GetStorageStatsAnswer"),
    (API + "GetVolumeStatsCommand", {"volumeUuids": [uuid(10)], "poolUuid": POOL}, API + "GetVolumeStatsAnswer"),
    (STORAGE + "CheckStorageAvailabilityCommand", {"poolsMap": {POOL: "x"}}, PLAIN),
    (API + "ModifyTargetsCommand", {"targets": []}, API + "ModifyTargetsAnswer"),
    (SUBSYSTEM + "CreateObjectCommand", {"data": volume(31, made=False)}, SUBSYSTEM + "CreateObjectAnswer"),
    (
        SUBSYSTEM + "CopyCommand",
        {"srcTO": template(), "destTO": template(to_primary=True, path="")},
        SUBSYSTEM + "CopyCmdAnswer",
    ),
    (SUBSYSTEM + "DeleteCommand", {"data": volume(20)}, PLAIN),
    (STORAGE + "DestroyCommand", {"volume": {"storagePoolUuid": POOL, "path": uuid(20)}}, PLAIN),
    (SUBSYSTEM + "AttachCommand", {"disk": DATA_DISK, "vmName": VM}, SUBSYSTEM + "AttachAnswer"),
    (SUBSYSTEM + "DettachCommand", {"disk": ROOT_DISK, "vmName": VM}, SUBSYSTEM + "DettachAnswer"),
    (
        STORAGE + "ResizeVolumeCommand",
        {"path": uuid(20), "pool": filer(), "newSize": 3 * GIB},
        STORAGE + "ResizeVolumeAnswer",
    ),
    (
        STORAGE + "MigrateVolumeCommand",
        {"srcData": volume(20), "destData": volume(21, made=False)},
        STORAGE + "MigrateVolumeAnswer",
    ),
    (SUBSYSTEM + "RevertSnapshotCommand", {"data": next(iter(snapshot(1, 10, on_secondary=True).values()))}, PLAIN),
    *(
        (
            DIRECT_DOWNLOAD + name + "DirectDownloadCommand",
            {"url": "http://x/y", "templateId": 5, "destPool": filer(), "destData": {"uuid": uuid(60 + number)}},
            DIRECT_DOWNLOAD + "DirectDownloadAnswer",
        )
        for number, name in enumerate(("Http", "Https", "Nfs", "Metalink"))
    ),
    (DIRECT_DOWNLOAD + "CheckUrlCommand", {"url": "http://example.org/x"}, DIRECT_DOWNLOAD + "CheckUrlAnswer"),
    (API + "SecurityGroupRulesCmd", {"vmName": VM, "vmId": 10, "seqNum": 3}, API + "SecurityGroupRuleAnswer"),
    (API + "NetworkRulesSystemVmCommand", {"vmName": "r-4-VM", "type": "DomainRouter"}, PLAIN),
    (API + "NetworkRulesVmSecondaryIpCommand", {"vmName": VM, "vmSecIp": "10.1.0.77"}, PLAIN),
    (API + "PvlanSetupCommand", {}, PLAIN),
    (CHECK + "CheckSshCommand", {"name": "r-4-VM", "ip": "169.254.0.4", "port": 3922}, CHECK + "CheckSshAnswer"),
    (API + "GetDomRVersionCmd", {"accessDetails": R}, API + "GetDomRVersionAnswer"),
    (API + "NetworkUsageCommand", {"domRName": "r-4-VM", "option": "get"}, API + "NetworkUsageAnswer"),
    (API + "CheckRouterCommand", {"accessDetails": R}, API + "CheckRouterAnswer"),
    (ROUTING + "SetMonitorServiceCommand", {"accessDetails": R, "services": []}, ROUTING + "GroupAnswer"),
    (ROUTING + "GetRouterMonitorResultsCommand", {"accessDetails": R}, ROUTING + "GetRouterMonitorResultsAnswer"),
    (ROUTING + "GetRouterAlertsCommand", {"accessDetails": R}, API + "GetRouterAlertsAnswer"),
    (
        API + "CheckS2SVpnConnectionsCommand",
        {"accessDetails": R, "vpnIps": ["192.0.2.1"]},
        API + "CheckS2SVpnConnectionsAnswer",
    ),
    (
        "org.apache.cloudstack.diagnostics.DiagnosticsCommand",
        {"accessDetails": R},
        "org.apache.cloudstack.diagnostics.DiagnosticsAnswer",
    ),
    (ROUTING + "AggregationControlCommand", {"accessDetails": R, "action": "Start"}, PLAIN),
    (ROUTING + "DhcpEntryCommand", {"accessDetails": R, **LEASE}, PLAIN),
    (
        ROUTING + "VmDataCommand",
        {"accessDetails": R, "vmIpAddress": "10.1.1.9", "vmData": [["userdata", "user-data", None]]},
        PLAIN,
    ),
    (ROUTING + "SavePasswordCommand", {"accessDetails": R, "vmIpAddress": "10.1.1.9", "password": "p"}, PLAIN),
    (ROUTING + "IpAssocCommand", {"accessDetails": R, "ipAddresses": [IP]}, PLAIN),
    (ROUTING + "IpAssocVpcCommand", {"accessDetails": R, "ipAddresses": [IP]}, PLAIN),
    (ROUTING + "SetSourceNatCommand", {"accessDetails": R, "ipAddress": IP, "add": True}, PLAIN),
    *(
        (ROUTING + name, {"accessDetails": R, "rules": [RULE]}, PLAIN)
        for name in (
            "SetFirewallRulesCommand",
            "SetIpv6FirewallRulesCommand",
            "SetPortForwardingRulesCommand",
            "SetPortForwardingRulesVpcCommand",
            "SetStaticNatRulesCommand",
            "SetNetworkACLCommand",
        )
    ),
    (ROUTING + "LoadBalancerConfigCommand", {"accessDetails": R, "loadBalancers": [{"uuid": "a"}]}, PLAIN),
    (ROUTING + "SetStaticRouteCommand", {"accessDetails": R, "staticRoutes": [{"id": 1}]}, PLAIN),
    *(
        (package + "SetupGuestNetworkCommand", {"accessDetails": R, "networkId": 5, "add": True}, PLAIN)
        for package in (API, ROUTING)
    ),
    *(
        (name, {"accessDetails": R}, PLAIN)
        for name in (
            ROUTING + "CreateIpAliasCommand",
            ROUTING + "DeleteIpAliasCommand",
            ROUTING + "DnsMasqConfigCommand",
            ROUTING + "VpnUsersCfgCommand",
            ROUTING + "RemoteAccessVpnCfgCommand",
            ROUTING + "Site2SiteVpnCfgCommand",
            ROUTING + "UpdateNetworkCommand",
            ROUTING + "SetBgpPeersCommand",
            ROUTING + "HealthCheckLBConfigCommand",
            ROUTING + "FinishAggregationCommand",
            ROUTING + "BumpUpPriorityCommand",
            API + "UpdateNetworkCommand",
            API + "HandleCksIsoCommand",
            "org.apache.cloudstack.agent.routing.ManageServiceCommand",
        )
    ),
]

REFUSING_EXAMPLES: list[Example] = [
    (SUBSYSTEM + "IntroduceObjectCmd", {}, PLAIN),
    (SUBSYSTEM + "ForgetObjectCmd", {}, PLAIN),
    (SUBSYSTEM + "SyncVolumePathCommand", {}, PLAIN),
    (CA + "SetupCertificateCommand", {"certificate": "", "handleByAgent": True}, CA + "SetupCertificateAnswer"),
]

DOWNLOAD = {
    "url": "http://example.org/x.qcow2",
    "id": 5,
    "installPath": "template/tmpl/2/5/",
    "name": "x",
    "_store": secondary(),
}
STORAGE_VM_EXAMPLES: list[Example] = [
    (API + "ReadyCommand", {"hostId": 9}, API + "ReadyAnswer"),
    (API + "ShutdownCommand", {"reason": "deleteHost"}, PLAIN),
    (LB + "SetupMSListCommand", {"msList": ["10.0.0.1"], "triggerHostLb": False}, LB + "SetupMSListAnswer"),
    (API + "MigrateAgentConnectionCommand", {"avoidMsList": []}, API + "MigrateAgentConnectionAnswer"),
    (CA + "SetupKeyStoreCommand", {"validityDays": 1}, CA + "SetupKeystoreAnswer"),
    (API + "CheckHealthCommand", {}, API + "CheckHealthAnswer"),
    (
        API + "HandleConfigDriveIsoCommand",
        {"isoFile": "x.iso", "destStore": secondary()},
        API + "HandleConfigDriveIsoAnswer",
    ),
    (API + "SecStorageSetupCommand", {"store": secondary(), "secUrl": "nfs://x/y"}, API + "SecStorageSetupAnswer"),
    (API + "SecStorageVMSetupCommand", {"copyUserName": "cloud"}, PLAIN),
    (API + "SecStorageFirewallCfgCommand", {"portConfigs": []}, PLAIN),
    (STORAGE + "ListTemplateCommand", {"store": secondary(), "secUrl": "x"}, STORAGE + "ListTemplateAnswer"),
    (STORAGE + "ListVolumeCommand", {"store": secondary(), "secUrl": "x"}, STORAGE + "ListVolumeAnswer"),
    (SUBSYSTEM + "DownloadCommand", DOWNLOAD, STORAGE + "DownloadAnswer"),
    (
        SUBSYSTEM + "DownloadProgressCommand",
        {**DOWNLOAD, "request": "GET_STATUS", "jobId": "x"},
        STORAGE + "DownloadAnswer",
    ),
    (API + "GetStorageStatsCommand", {"store": secondary()}, API + "GetStorageStatsAnswer"),
    (SUBSYSTEM + "DeleteCommand", {"data": template()}, PLAIN),
    (
        SUBSYSTEM + "CopyCommand",
        {"srcTO": template(path="template/tmpl/1/3/"), "destTO": template()},
        SUBSYSTEM + "CopyCmdAnswer",
    ),
    (STORAGE + "CreateEntityDownloadURLCommand", {}, STORAGE + "CreateEntityDownloadURLAnswer"),
    (STORAGE + "DeleteEntityDownloadURLCommand", {}, PLAIN),
    (API + "DeleteSnapshotsDirCommand", {"store": secondary()}, PLAIN),
    (SUBSYSTEM + "UploadStatusCommand", {"entityUuid": "x"}, SUBSYSTEM + "UploadStatusAnswer"),
    (API + "ComputeChecksumCommand", {"store": secondary(), "templatePath": "template/tmpl/1/3/"}, PLAIN),
]
PROXY_EXAMPLES: list[Example] = [
    *(example for example in STORAGE_VM_EXAMPLES[:6]),
    (PROXY + "StartConsoleProxyAgentHttpHandlerCommand", {"keystorePassword": "x"}, PLAIN),
    (PROXY + "AllowConsoleAccessCommand", {"sessionUuid": "x"}, PLAIN),
]


@pytest.fixture
def cloud() -> Cloud:
    """A VM i-2-10-VM with a snapshot s0, a router r-4-VM, spare volumes 20 and 30; host 2 expects the VM."""
    made = Cloud(3)
    host = made.hosts[0]
    made.addresses.set_beating(made.hosts[2].facts.private_ip, False)
    body = start_vm(host, 10)
    start_router(host, 4)
    make_volume(host, 20)
    make_volume(host, 30)
    ask(host, "CreateVMSnapshotCommand", vmName=VM, target={**TARGET, "snapshotName": "s0"})
    ask(made.hosts[1], "PrepareForMigrationCommand", vm=body)
    return made


@pytest.mark.parametrize(
    ("java_class", "body", "answer_class"), HOST_EXAMPLES, ids=lambda x: str(x)[-50:] if isinstance(x, str) else ""
)
def test_a_host_answers(cloud: Cloud, java_class: str, body: dict[str, Any], answer_class: str) -> None:
    answer = ask(cloud.hosts[0], java_class, **body)
    assert (answer.java_class, answer.body["result"]) == (answer_class, True), answer.details
    assert answer.body["contextMap"] == {}


@pytest.mark.parametrize(("java_class", "body", "answer_class"), REFUSING_EXAMPLES)
def test_a_host_says_no(cloud: Cloud, java_class: str, body: dict[str, Any], answer_class: str) -> None:
    answer = ask(cloud.hosts[0], java_class, **body)
    assert (answer.java_class, answer.body["result"]) == (answer_class, False)
    assert answer.details


@pytest.mark.parametrize(("java_class", "body", "answer_class"), STORAGE_VM_EXAMPLES)
def test_a_secondary_storage_vm_answers(java_class: str, body: dict[str, Any], answer_class: str) -> None:
    agent = Cloud(0).system_vm()
    agent.ready = True
    answer = ask(agent, java_class, **body)
    assert (answer.java_class, answer.body["result"]) == (answer_class, True), answer.details


@pytest.mark.parametrize(("java_class", "body", "answer_class"), PROXY_EXAMPLES)
def test_a_console_proxy_answers(java_class: str, body: dict[str, Any], answer_class: str) -> None:
    agent = Cloud(0).system_vm(CONSOLE_PROXY, "v-2-VM")
    agent.ready = True
    answer = ask(agent, java_class, **body)
    assert (answer.java_class, answer.body["result"]) == (answer_class, True), answer.details


def test_no_verb_is_without_an_example() -> None:
    certificate = {CA + "SetupCertificateCommand"}
    assert supported(HOST) == {name for name, _, _ in HOST_EXAMPLES + REFUSING_EXAMPLES}
    assert supported(SECONDARY_STORAGE) - certificate == {name for name, _, _ in STORAGE_VM_EXAMPLES}
    assert supported(CONSOLE_PROXY) - certificate == {name for name, _, _ in PROXY_EXAMPLES}
