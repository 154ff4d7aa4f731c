"""GetStorageStatsCommand: space of a pool (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetStorageStatsCommand", answer=API + "GetStorageStatsAnswer")
def pool_stats(host: Host, command: Message) -> Message:
    usage = host.hypervisor.pool_usage(command.body["id"])
    return done(API + "GetStorageStatsAnswer", usedBytes=usage.used_bytes, capacityBytes=usage.capacity_bytes)
