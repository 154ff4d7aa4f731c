"""ResizeVolumeCommand (agent-protocol 4.4)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import file_name
from lakh.wire.message import STORAGE, Message


@verb(STORAGE + "ResizeVolumeCommand", answer=STORAGE + "ResizeVolumeAnswer")
def resize(host: Host, command: Message) -> Message:
    """Refuses to shrink unless told that it may."""
    body = command.body
    pool, name, size = body["pool"]["uuid"], file_name(body["path"]), int(body["newSize"])
    volume = host.hypervisor.volume(pool, name)
    if volume is None:
        raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
    if size < volume.size_bytes and not body.get("shrinkOk"):
        raise RefusedError(f"volume {name} has {volume.size_bytes} bytes and must not shrink to {size}")
    return done(STORAGE + "ResizeVolumeAnswer", newSize=host.hypervisor.resize(pool, name, size).size_bytes)
