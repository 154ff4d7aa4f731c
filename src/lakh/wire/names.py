"""The Java class names of what the product says and understands, and which answer belongs to which command.

A management server picks answers by exact class, so the class matters as much as `result` (agent-protocol 4.0).
"""

from __future__ import annotations

from typing import Final

from lakh.wire.message import (
    API,
    CA,
    CHECK,
    DIRECT_DOWNLOAD,
    LB,
    PROXY,
    ROUTING,
    STORAGE,
    SUBSYSTEM,
)

ANSWER: Final = API + "Answer"
UNSUPPORTED_ANSWER: Final = API + "UnsupportedAnswer"
AGENT_CONTROL_ANSWER: Final = API + "AgentControlAnswer"
GROUP_ANSWER: Final = ROUTING + "GroupAnswer"
START_ANSWER: Final = API + "StartAnswer"
BAD_COMMAND: Final = API + "BadCommand"
CANCEL: Final = API + "CancelCommand"

# --- connecting and leaving (agent-protocol 3) -----------------------------------------------------------------------
READY: Final = API + "ReadyCommand"
CHECK_NETWORK: Final = API + "CheckNetworkCommand"
SET_HOST_PARAMS: Final = API + "SetHostParamsCommand"
MODIFY_SSH_KEYS: Final = API + "ModifySshKeysCommand"
CLEANUP_NETWORK_RULES: Final = API + "CleanupNetworkRulesCmd"
SETUP_PERSISTENT_NETWORK: Final = API + "SetupPersistentNetworkCommand"
CLEANUP_PERSISTENT_NETWORK: Final = API + "CleanupPersistentNetworkResourceCommand"
SETUP_MS_LIST: Final = LB + "SetupMSListCommand"
MIGRATE_AGENT_CONNECTION: Final = API + "MigrateAgentConnectionCommand"
MAINTAIN: Final = API + "MaintainCommand"
SHUTDOWN: Final = API + "ShutdownCommand"
SETUP_KEYSTORE: Final = CA + "SetupKeyStoreCommand"
SETUP_CERTIFICATE: Final = CA + "SetupCertificateCommand"
ROLLING_MAINTENANCE: Final = API + "RollingMaintenanceCommand"
UPDATE_HOST_PASSWORD: Final = API + "UpdateHostPasswordCommand"

# --- virtual machines (4.2, 4.3) -------------------------------------------------------------------------------------
START: Final = API + "StartCommand"
STOP: Final = API + "StopCommand"
REBOOT: Final = API + "RebootCommand"
CHECK_VIRTUAL_MACHINE: Final = API + "CheckVirtualMachineCommand"
GET_VNC_PORT: Final = API + "GetVncPortCommand"
SCALE_VM: Final = API + "ScaleVmCommand"
PLUG_NIC: Final = API + "PlugNicCommand"
UNPLUG_NIC: Final = API + "UnPlugNicCommand"
REPLUG_NIC: Final = API + "ReplugNicCommand"
UPDATE_VM_NIC: Final = API + "UpdateVmNicCommand"
ATTACH_ISO: Final = API + "AttachIsoCommand"
HANDLE_CONFIG_DRIVE: Final = API + "HandleConfigDriveIsoCommand"
GET_VM_IP_ADDRESS: Final = API + "GetVmIpAddressCommand"
GET_UNMANAGED_INSTANCES: Final = API + "GetUnmanagedInstancesCommand"
PREPARE_FOR_MIGRATION: Final = API + "PrepareForMigrationCommand"
MIGRATE: Final = API + "MigrateCommand"
PRE_MIGRATION: Final = API + "PreMigrationCommand"
POST_MIGRATION: Final = API + "PostMigrationCommand"

# --- volumes, templates, snapshots (4.4, 4.5) ------------------------------------------------------------------------
CREATE_OBJECT: Final = SUBSYSTEM + "CreateObjectCommand"
COPY: Final = SUBSYSTEM + "CopyCommand"
DELETE: Final = SUBSYSTEM + "DeleteCommand"
ATTACH: Final = SUBSYSTEM + "AttachCommand"
DETTACH: Final = SUBSYSTEM + "DettachCommand"
REVERT_SNAPSHOT: Final = SUBSYSTEM + "RevertSnapshotCommand"
RESIZE_VOLUME: Final = STORAGE + "ResizeVolumeCommand"
MIGRATE_VOLUME: Final = STORAGE + "MigrateVolumeCommand"
CREATE_VM_SNAPSHOT: Final = API + "CreateVMSnapshotCommand"
DELETE_VM_SNAPSHOT: Final = API + "DeleteVMSnapshotCommand"
REVERT_TO_VM_SNAPSHOT: Final = API + "RevertToVMSnapshotCommand"
RESTORE_VM_SNAPSHOT: Final = API + "RestoreVMSnapshotCommand"
FREEZE_THAW_VM: Final = API + "FreezeThawVMCommand"
CHECK_URL: Final = DIRECT_DOWNLOAD + "CheckUrlCommand"
PRIMARY_STORAGE_DOWNLOAD: Final = STORAGE + "PrimaryStorageDownloadCommand"
DESTROY: Final = STORAGE + "DestroyCommand"

# --- storage pools and statistics (4.6, 4.7) -------------------------------------------------------------------------
MODIFY_STORAGE_POOL: Final = API + "ModifyStoragePoolCommand"
CREATE_STORAGE_POOL: Final = API + "CreateStoragePoolCommand"
DELETE_STORAGE_POOL: Final = API + "DeleteStoragePoolCommand"
GET_STORAGE_STATS: Final = API + "GetStorageStatsCommand"
GET_VOLUME_STATS: Final = API + "GetVolumeStatsCommand"
CHECK_STORAGE_AVAILABILITY: Final = STORAGE + "CheckStorageAvailabilityCommand"
GET_HOST_STATS: Final = API + "GetHostStatsCommand"
GET_VM_STATS: Final = API + "GetVmStatsCommand"
GET_VM_DISK_STATS: Final = API + "GetVmDiskStatsCommand"
GET_VM_NETWORK_STATS: Final = API + "GetVmNetworkStatsCommand"

# --- networking and routers (4.8; addendum 2) ------------------------------------------------------------------------
SECURITY_GROUP_RULES: Final = API + "SecurityGroupRulesCmd"
NETWORK_RULES_SYSTEM_VM: Final = API + "NetworkRulesSystemVmCommand"
NETWORK_RULES_VM_SECONDARY_IP: Final = API + "NetworkRulesVmSecondaryIpCommand"
PVLAN_SETUP: Final = API + "PvlanSetupCommand"
NETWORK_USAGE: Final = API + "NetworkUsageCommand"
GET_DOMR_VERSION: Final = API + "GetDomRVersionCmd"
CHECK_ROUTER: Final = API + "CheckRouterCommand"
CHECK_S2S_VPN: Final = API + "CheckS2SVpnConnectionsCommand"
SETUP_GUEST_NETWORK: Final = API + "SetupGuestNetworkCommand"
CHECK_SSH: Final = CHECK + "CheckSshCommand"
AGGREGATION_CONTROL: Final = ROUTING + "AggregationControlCommand"
DHCP_ENTRY: Final = ROUTING + "DhcpEntryCommand"
VM_DATA: Final = ROUTING + "VmDataCommand"
SAVE_PASSWORD: Final = ROUTING + "SavePasswordCommand"
IP_ASSOC: Final = ROUTING + "IpAssocCommand"
IP_ASSOC_VPC: Final = ROUTING + "IpAssocVpcCommand"
SET_SOURCE_NAT: Final = ROUTING + "SetSourceNatCommand"
SET_FIREWALL_RULES: Final = ROUTING + "SetFirewallRulesCommand"
SET_PORT_FORWARDING_RULES: Final = ROUTING + "SetPortForwardingRulesCommand"
SET_PORT_FORWARDING_RULES_VPC: Final = ROUTING + "SetPortForwardingRulesVpcCommand"
SET_STATIC_NAT_RULES: Final = ROUTING + "SetStaticNatRulesCommand"
SET_NETWORK_ACL: Final = ROUTING + "SetNetworkACLCommand"
SET_STATIC_ROUTE: Final = ROUTING + "SetStaticRouteCommand"
LOAD_BALANCER_CONFIG: Final = ROUTING + "LoadBalancerConfigCommand"
SET_MONITOR_SERVICE: Final = ROUTING + "SetMonitorServiceCommand"
GET_ROUTER_ALERTS: Final = ROUTING + "GetRouterAlertsCommand"
GET_ROUTER_MONITOR_RESULTS: Final = ROUTING + "GetRouterMonitorResultsCommand"

# --- system VM agents (addendum 3) -----------------------------------------------------------------------------------
SEC_STORAGE_SETUP: Final = API + "SecStorageSetupCommand"
SEC_STORAGE_FIREWALL_CFG: Final = API + "SecStorageFirewallCfgCommand"
SEC_STORAGE_VM_SETUP: Final = API + "SecStorageVMSetupCommand"
LIST_VOLUME: Final = STORAGE + "ListVolumeCommand"
LIST_TEMPLATE: Final = STORAGE + "ListTemplateCommand"
DOWNLOAD: Final = SUBSYSTEM + "DownloadCommand"
DOWNLOAD_PROGRESS: Final = SUBSYSTEM + "DownloadProgressCommand"
UPLOAD_STATUS: Final = SUBSYSTEM + "UploadStatusCommand"
START_CONSOLE_PROXY_HANDLER: Final = PROXY + "StartConsoleProxyAgentHttpHandlerCommand"
ALLOW_CONSOLE_ACCESS: Final = PROXY + "AllowConsoleAccessCommand"
CONSOLE_PROXY_LOAD_REPORT: Final = API + "ConsoleProxyLoadReportCommand"
CONSOLE_ACCESS_AUTHENTICATION: Final = API + "ConsoleAccessAuthenticationCommand"

# --- high availability (4.9) -----------------------------------------------------------------------------------------
CHECK_HEALTH: Final = API + "CheckHealthCommand"
CHECK_ON_HOST: Final = API + "CheckOnHostCommand"
CHECK_VM_ACTIVITY: Final = API + "CheckVMActivityOnStoragePoolCommand"
PING_TEST: Final = API + "PingTestCommand"
FENCE: Final = API + "FenceCommand"

_NAMED_ALIKE: Final = (
    READY,
    CHECK_NETWORK,
    SETUP_PERSISTENT_NETWORK,
    CLEANUP_PERSISTENT_NETWORK,
    SETUP_MS_LIST,
    MIGRATE_AGENT_CONNECTION,
    MAINTAIN,
    SETUP_CERTIFICATE,
    ROLLING_MAINTENANCE,
    START,
    STOP,
    REBOOT,
    CHECK_VIRTUAL_MACHINE,
    GET_VNC_PORT,
    SCALE_VM,
    PLUG_NIC,
    UNPLUG_NIC,
    REPLUG_NIC,
    UPDATE_VM_NIC,
    ATTACH_ISO,
    HANDLE_CONFIG_DRIVE,
    GET_UNMANAGED_INSTANCES,
    PREPARE_FOR_MIGRATION,
    MIGRATE,
    POST_MIGRATION,
    CREATE_OBJECT,
    ATTACH,
    DETTACH,
    RESIZE_VOLUME,
    MIGRATE_VOLUME,
    CREATE_VM_SNAPSHOT,
    DELETE_VM_SNAPSHOT,
    REVERT_TO_VM_SNAPSHOT,
    RESTORE_VM_SNAPSHOT,
    FREEZE_THAW_VM,
    CHECK_URL,
    PRIMARY_STORAGE_DOWNLOAD,
    MODIFY_STORAGE_POOL,
    GET_STORAGE_STATS,
    GET_VOLUME_STATS,
    GET_HOST_STATS,
    GET_VM_STATS,
    GET_VM_DISK_STATS,
    GET_VM_NETWORK_STATS,
    NETWORK_USAGE,
    CHECK_ROUTER,
    CHECK_S2S_VPN,
    CHECK_SSH,
    GET_ROUTER_MONITOR_RESULTS,
    SEC_STORAGE_SETUP,
    LIST_VOLUME,
    LIST_TEMPLATE,
    UPLOAD_STATUS,
    CONSOLE_ACCESS_AUTHENTICATION,
    CHECK_HEALTH,
    CHECK_ON_HOST,
    FENCE,
)

ANSWER_OF: Final[dict[str, str]] = {command: command.removesuffix("Command") + "Answer" for command in _NAMED_ALIKE} | {
    SETUP_KEYSTORE: CA + "SetupKeystoreAnswer",
    COPY: SUBSYSTEM + "CopyCmdAnswer",
    SECURITY_GROUP_RULES: API + "SecurityGroupRuleAnswer",
    GET_DOMR_VERSION: API + "GetDomRVersionAnswer",
    GET_ROUTER_ALERTS: API + "GetRouterAlertsAnswer",
    DOWNLOAD: STORAGE + "DownloadAnswer",
    DOWNLOAD_PROGRESS: STORAGE + "DownloadAnswer",
    CONSOLE_PROXY_LOAD_REPORT: AGENT_CONTROL_ANSWER,
}
"""Answer class per command class; a command that is not here is answered by a plain `ANSWER`."""
