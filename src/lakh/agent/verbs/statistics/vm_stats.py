"""GetVmStatsCommand: only the names that were asked; one more would break the collector (agent-protocol 4.7).

What was read and written is counted from one call to the next, as the Java agent does, whoever calls.
"""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "GetVmStatsCommand", answer=API + "GetVmStatsAnswer")
def vm_stats(host: Host, command: Message) -> Message:
    now = host.clock.monotonic()
    share = (now - host.stats_asked) / now if now > host.stats_asked else 0.0  # of the counters, since the last call
    host.stats_asked = now
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
            "networkReadKBs": usage.network_read_bytes * share / 1024,
            "networkWriteKBs": usage.network_write_bytes * share / 1024,
            "diskReadIOs": usage.disk_reads * share,
            "diskWriteIOs": usage.disk_writes * share,
            "diskReadKBs": usage.disk_read_bytes * share / 1024,
            "diskWriteKBs": usage.disk_write_bytes * share / 1024,
            "memoryKBs": spec.max_ram / 1024,
            "intFreeMemoryKBs": spec.max_ram / 2048,
            "targetMemoryKBs": spec.max_ram / 1024,
        }
    return done(API + "GetVmStatsAnswer", vmStatsMap=stats)
