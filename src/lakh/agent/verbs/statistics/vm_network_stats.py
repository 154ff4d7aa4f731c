"""GetVmNetworkStatsCommand (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "GetVmNetworkStatsCommand", answer=API + "GetVmNetworkStatsAnswer")
def vm_network_stats(host: Host, command: Message) -> Message:
    stats = {}
    for name in command.body.get("vmNames") or ():
        if host.hypervisor.power(name) == POWER_OFF:
            continue
        usage = host.hypervisor.domain_usage(name)
        stats[name] = [
            {
                "vmName": name,
                "macAddress": nic.mac,
                "bytesSent": usage.network_write_bytes,
                "bytesReceived": usage.network_read_bytes,
            }
            for nic in host.hypervisor.domain(name).spec.nics
        ]
    return done(API + "GetVmNetworkStatsAnswer", hostName=host.facts.name, vmNetworkStatsMap=stats)
