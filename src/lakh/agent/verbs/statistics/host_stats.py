"""GetHostStatsCommand (agent-protocol 4.7). Sizes in KB."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetHostStatsCommand", answer=API + "GetHostStatsAnswer")
def host_stats(host: Host, command: Message) -> Message:
    usage = host.hypervisor.host_usage()
    total = host.facts.memory_bytes + host.facts.reserved_memory_bytes
    return done(
        API + "GetHostStatsAnswer",
        hostStats={
            "hostId": command.body.get("hostId", host.host_id),
            "entityType": "host",
            "cpuUtilization": round(usage.cpu_percent, 2),
            "averageLoad": round(usage.cpu_percent * host.facts.cpus / 100, 2),
            "networkReadKBs": usage.network_read_bytes / 1024,
            "networkWriteKBs": usage.network_write_bytes / 1024,
            "totalMemoryKBs": total / 1024,
            "freeMemoryKBs": (host.facts.memory_bytes - usage.memory_bytes) / 1024,
        },
    )
