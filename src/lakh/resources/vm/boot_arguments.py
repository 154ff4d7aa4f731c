"""What a secondary storage or console proxy VM is told at boot: `key=value`, separated by blanks (addendum 3.1)."""

from __future__ import annotations

from ipaddress import IPv4Network

from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.management_server.address import ServerAddress
from lakh.resources.nic.row import NicRow
from lakh.resources.pod.row import PodRow
from lakh.resources.vm.row import CONSOLE_PROXY, VmRow
from lakh.resources.zone.row import ZoneRow

NFS_RESOURCE = "org.apache.cloudstack.storage.resource.NfsSecondaryStorageResource"


def agent_guid(vm: VmRow) -> str:
    """The guid its agent begins its Startup's guid with."""
    return f"Proxy.{vm.id}" if vm.type == CONSOLE_PROXY else vm.instance_name


async def boot_arguments(cloud: Cloud, vm: VmRow, pod_id: int, nics: list[NicRow], keystore_password: str) -> str:
    """All arguments of the VM, whose NICs have their addresses."""
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    pod = (await cloud.snapshots.of(PodRow)).by_id[pod_id]
    server, settings = cloud.part(ServerAddress), cloud.part(Settings)
    arguments: dict[str, object] = {
        "template": "domP",
        "type": "consoleproxy" if vm.type == CONSOLE_PROXY else "secstorage",
        "host": server.hosts,
        "port": server.port,
        "name": vm.instance_name,
        "zone": zone.id,
        "pod": pod.id,
        "guid": agent_guid(vm),
    }
    if vm.type == CONSOLE_PROXY:
        arguments |= {"proxy_vm": vm.id}
        if settings.flag("consoleproxy.disable.rpfilter", ("Zone", zone.id)):
            arguments["disable_rp_filter"] = "true"
        arguments["vncport"] = 0
    else:
        arguments |= _storage(settings)
    arguments |= _addresses(nics)
    subnet = settings.text("management.network.cidr") or str(IPv4Network(f"{pod.gateway}/{pod.netmask}", strict=False))
    arguments |= {"mgmtcidr": subnet, "localgw": pod.gateway, "internaldns1": zone.internal_dns1}
    if zone.internal_dns2:
        arguments["internaldns2"] = zone.internal_dns2
    arguments["dns1"] = zone.dns1
    if zone.dns2:
        arguments["dns2"] = zone.dns2
    arguments["keystore_password"] = keystore_password
    return " ".join(f"{key}={value}" for key, value in arguments.items())


def _storage(settings: Settings) -> dict[str, object]:
    found: dict[str, object] = {
        "workers": 5,
        "resource": NFS_RESOURCE,
        "instance": "SecStorage",
        "sslcopy": settings.text("secstorage.encrypt.copy"),
        "role": "templateProcessor",
        "mtu": settings.integer("secstorage.vm.mtu.size"),
        "private.network.device": "eth1",
        "public.network.device": "eth2",
    }
    if version := settings.text("secstorage.nfs.version"):
        found["nfsVersion"] = version
    return found


def _addresses(nics: list[NicRow]) -> dict[str, object]:
    found: dict[str, object] = {}
    for nic in nics:
        found[f"eth{nic.device_id}ip"] = nic.ip
        found[f"eth{nic.device_id}mask"] = nic.netmask
        if nic.is_default:
            found["gateway"] = nic.gateway
    return found
