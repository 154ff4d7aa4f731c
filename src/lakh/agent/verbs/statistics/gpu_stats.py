"""GetGPUStatsCommand: these hosts have none (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.wire.message import API, Message


@verb(API + "GetGPUStatsCommand", answer=API + "GetGPUStatsAnswer")
def gpu_stats(host: Host, command: Message) -> Message:
    return done(API + "GetGPUStatsAnswer", groupDetails={}, gpuDevices=[])
