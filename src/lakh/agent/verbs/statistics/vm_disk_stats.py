"""GetVmDiskStatsCommand (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import POWER_OFF
from lakh.wire.message import API, Message


@verb(API + "GetVmDiskStatsCommand", answer=API + "GetVmDiskStatsAnswer")
def vm_disk_stats(host: Host, command: Message) -> Message:
    stats = {}
    for name in command.body.get("vmNames") or ():
        if host.hypervisor.power(name) == POWER_OFF:
            continue
        usage = host.hypervisor.domain_usage(name)
        stats[name] = [
            {
                "vmName": name,
                "path": disk.volume,
                "ioRead": usage.disk_reads,
                "ioWrite": usage.disk_writes,
                "bytesRead": usage.disk_read_bytes,
                "bytesWrite": usage.disk_write_bytes,
            }
            for disk in host.hypervisor.domain(name).spec.disks
            if disk.volume
        ]
    return done(API + "GetVmDiskStatsAnswer", hostName=host.facts.name, vmDiskStatsMap=stats)
