"""What an agent says of itself: its Startup command and its pings (agent-protocol 3.1, 3.4; addendum 3.2, 3.4)."""

from __future__ import annotations

from typing import Any

from lakh.agent.host import CONSOLE_PROXY, Agent, Host, SystemVm
from lakh.wire.message import API, Message

VERSION = "4.23.0.0"
RESOURCE = "LibvirtComputingResource"
_COMMON = {"contextMap": {}, "wait": 0, "bypassHostMaintenance": False}


def boot_map(boot_args: str) -> dict[str, str]:
    """A system VM's bootArgs, `key=value` separated by blanks, as a map."""
    return dict(pair.split("=", 1) for pair in boot_args.split() if "=" in pair)


def startup(agent: Agent, servers: str, transferred: bool) -> Message:
    """The Startup command. `servers`: the list of management servers as it stands in the agent's properties."""
    if isinstance(agent, Host):
        body = _host(agent)
        java_class = API + "StartupRoutingCommand"
    elif isinstance(agent, SystemVm):
        body = _system_vm(agent)
        proxy = agent.kind == CONSOLE_PROXY
        java_class = API + ("StartupProxyCommand" if proxy else "StartupSecondaryStorageCommand")
    else:
        raise TypeError(f"an agent of kind {agent.kind} has no Startup command")
    if agent.host_id > 0:
        body["id"] = agent.host_id
    body.update(version=VERSION, arch="x86_64", msHostList=servers, connectionTransferred=transferred)
    return Message(java_class, {**body, **_COMMON})


def _host(host: Host) -> dict[str, Any]:
    facts = host.facts
    return {
        "cpuSockets": facts.cpu_sockets,
        "cpus": facts.cpus,
        "speed": facts.speed_mhz,
        "cpuArch": facts.arch,
        "memory": facts.memory_bytes,
        "dom0MinMemory": facts.reserved_memory_bytes,
        "poolSync": False,
        "supportsClonedVolumes": False,
        "caps": "hvm,snapshot",
        "hypervisorType": "KVM",
        "hostDetails": {
            "com.cloud.network.Networks.RouterPrivateIpStrategy": "HostLocal",
            "Host.OS": facts.os_name,
            "Host.OS.Version": facts.os_version,
            "Host.OS.Kernel.Version": facts.kernel_version,
            "secured": "true" if host.keystore else "false",
            "host.volume.encryption": "true",
            "host.instance.conversion": "false",
        },
        "hostTags": [],
        "groupDetails": {},
        "gpuDevices": [],
        "type": "Routing",
        "dataCenter": host.place.zone,
        "pod": host.place.pod,
        "cluster": host.place.cluster,
        "guid": f"{host.guid}-{RESOURCE}",
        "resourceName": RESOURCE,
        "name": facts.name,
        "privateIpAddress": facts.private_ip,
        "privateMacAddress": facts.private_mac,
        "privateNetmask": facts.private_netmask,
        "storageIpAddress": facts.private_ip,
        "storageMacAddress": facts.private_mac,
        "storageNetmask": facts.private_netmask,
        "gatewayIpAddress": facts.gateway,
    }


def _system_vm(agent: SystemVm) -> dict[str, Any]:
    boot = agent.boot
    body: dict[str, Any] = {
        "dataCenter": boot.get("zone", ""),
        "pod": boot.get("pod", ""),
        "name": agent.name,
        "iqn": "NoIqn",
    }
    for field, device in (("private", "eth1"), ("public", "eth2"), ("storage", "eth3")):
        if boot.get(device + "ip"):
            body[field + "IpAddress"] = boot[device + "ip"]
            body[field + "Netmask"] = boot.get(device + "mask", "")
        if boot.get(device + "mac"):
            body[field + "MacAddress"] = boot[device + "mac"]
    if agent.kind == CONSOLE_PROXY:
        body["type"] = "ConsoleProxy"
        body["resourceName"] = "ConsoleProxyResource"
        body["guid"] = f"Proxy.{boot.get('proxy_vm', '')}-ConsoleProxyResource"
        body["proxyPort"] = 443 if boot.get("premium") == "true" else 80
        body["proxyVmId"] = int(boot.get("proxy_vm") or 0)
    else:
        body["type"] = "SecondaryStorage"
        body["resourceName"] = "NfsSecondaryStorageResource"
        body["guid"] = f"{agent.name}-NfsSecondaryStorageResource"
    return body


def ping(agent: Agent) -> Message:
    """The ping of this moment; a host lists its powered-on VMs, and its rulesets once it has any."""
    body: dict[str, Any] = {"hostId": max(0, agent.host_id), "outOfBand": False, "commandInfos": [], **_COMMON}
    if not isinstance(agent, Host):
        if agent.kind == CONSOLE_PROXY:
            return Message(API + "PingCommand", {"hostType": "ConsoleProxy", **body})
        return Message(API + "PingStorageCommand", {"changes": {}, "hostType": "Storage", **body})
    name = agent.facts.name
    report = {vm: {"state": power, "host": name} for vm, power in agent.hypervisor.power_report().items()}
    body = {"_hostVmStateReport": report, "_gatewayAccessible": True, "_vnetAccessible": True, **body}
    body["hostType"] = "Routing"
    if agent.rulesets is None:
        return Message(API + "PingRoutingCommand", body)
    body["newGroupStates"] = {vm: list(agent.rulesets.get(vm, (-1, -1))) for vm in report if vm.startswith("i-")}
    return Message(API + "PingRoutingWithNwGroupsCommand", body)
