"""GetVolumeStatsCommand: sizes of volumes, under the names that were asked (agent-protocol 4.7)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import file_name
from lakh.wire.message import API, Message


@verb(API + "GetVolumeStatsCommand", answer=API + "GetVolumeStatsAnswer")
def volume_stats(host: Host, command: Message) -> Message:
    """Volumes that are not there are left out."""
    pool = command.body["poolUuid"]
    stats = {}
    for asked in command.body.get("volumeUuids") or ():
        volume = host.hypervisor.volume(pool, file_name(asked))
        if volume is not None:
            stats[asked] = {
                "volumeUuid": asked,
                "physicalsize": volume.physical_bytes,
                "virtualSize": volume.size_bytes,
            }
    return done(API + "GetVolumeStatsAnswer", poolUuid=pool, poolType=command.body.get("poolType"), volumeStats=stats)
