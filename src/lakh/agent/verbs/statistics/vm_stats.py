"""GetVmStatsCommand: only the names that were asked; one more would break the collector (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "GetVmStatsCommand", answer=API + "GetVmStatsAnswer")
def vm_stats(host: Host, command: Message) -> Message:
    stats = {}
    for name in command.body.get("vmNames") or ():
        if host.hypervisor.power(name) == POWER_OFF:
            continue
        usage = host.hypervisor.domain_usage(name)
        spec = host.hypervisor.domain(name).spec
        stats[name] = {
            "entityType": "vm",
            "cpuUtilization": usage.cpu_percent,
            "numCPUs": spec.cpus,
            "networkReadKBs": usage.network_read_bytes / 1024,
            "networkWriteKBs": usage.network_write_bytes / 1024,
            "diskReadIOs": usage.disk_reads,
            "diskWriteIOs": usage.disk_writes,
            "diskReadKBs": usage.disk_read_bytes / 1024,
            "diskWriteKBs": usage.disk_write_bytes / 1024,
            "memoryKBs": spec.max_ram / 1024,
            "intFreeMemoryKBs": spec.max_ram / 2048,
            "targetMemoryKBs": spec.max_ram / 1024,
        }
    return done(API + "GetVmStatsAnswer", vmStatsMap=stats)
