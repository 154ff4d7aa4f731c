"""RevertSnapshotCommand: a volume back to a snapshot (agent-protocol 4.5)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import file_name, is_primary, pool_of, volume_name
from lakh.wire.message import SUBSYSTEM, Message


@verb(SUBSYSTEM + "RevertSnapshotCommand")
def revert_snapshot(host: Host, command: Message) -> Message:
    """From the copy on primary storage where there is one; a copy on secondary needs the volume only."""
    data = command.body.get("dataOnPrimaryStorage") or command.body["data"]
    volume = data.get("volume") or command.body["data"]["volume"]
    pool, name = pool_of(volume), volume_name(volume)
    if is_primary(data):
        host.hypervisor.revert(pool, name, file_name(data["path"]))
    elif host.hypervisor.volume(pool, name) is None:
        raise RefusedError(f"volume {name} does not exist on storage pool {pool}")
    return done()
