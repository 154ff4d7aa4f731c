"""Words of the API that are closed lists: detail levels, resource types of jobs and events, boot forms."""

from __future__ import annotations

from typing import Final

VM_DETAILS: Final = (
    *("all", "group", "nics", "stats", "secgrp", "tmpl", "servoff", "diskoff", "backoff", "iso", "volume", "min"),
    *("affgrp", "vnfnics"),
)
"""Values of `details` of listVirtualMachines."""
HOST_DETAILS: Final = ("all", "capacity", "core", "events", "stats", "min")
"""Values of `details` of listHosts."""
DOMAIN_DETAILS: Final = ("all", "resource", "min")
"""Values of `details` of listDomains, listAccounts and listProjects."""
EXTENSION_DETAILS: Final = ("all", "resource", "external", "min")

API_KEY_ACCESS: Final = ("DISABLED", "ENABLED", "INHERIT")
BOOT_TYPES: Final = ("UEFI", "BIOS")
BOOT_MODES: Final = ("LEGACY", "SECURE")
IO_DRIVER_POLICIES: Final = ("NATIVE", "THREADS", "IO_URING", "STORAGE_SPECIFIC")

JOB_STATUSES: Final = ("IN_PROGRESS", "SUCCEEDED", "FAILED", "CANCELLED")
"""Job statuses by the number that `jobstatus` shows; all but the first are ends."""

RESOURCE_TYPES: Final = (
    *("None", "VirtualMachine", "DomainRouter", "Volume", "ConsoleProxy", "Snapshot", "Backup", "Template", "Iso"),
    *("SystemVm", "Host", "StoragePool", "ImageStore", "IpAddress", "PortableIpAddress", "SecurityGroup"),
    *("PhysicalNetwork", "TrafficType", "PhysicalNetworkServiceProvider", "FirewallRule", "Account", "User"),
    *("PrivateGateway", "StaticRoute", "Counter", "Condition", "AutoScalePolicy", "AutoScaleVmProfile"),
    *("AutoScaleVmGroup", "GlobalLoadBalancerRule", "LoadBalancerRule", "AffinityGroup", "InternalLbVm"),
    *("DedicatedGuestVlanRange", "GuestOsCategory", "GuestOs", "GuestOsMapping", "Network", "NetworkAcl"),
    *("NetworkAclItem", "Project", "Domain", "DiskOffering", "ServiceOffering", "NetworkOffering", "VpcOffering"),
    *("BackupOffering", "Zone", "Vpc", "Cluster", "Pod", "VmSnapshot", "Role", "VpnCustomerGateway"),
    *("ManagementServer", "ObjectStore", "Bucket", "QuotaTariff", "KubernetesCluster", "KubernetesSupportedVersion"),
    *("SharedFS", "Extension", "ExtensionCustomAction", "KmsKey", "HsmProfile"),
)
"""What a job or event may be about (`jobinstancetype`, an event's `resourcetype`)."""
