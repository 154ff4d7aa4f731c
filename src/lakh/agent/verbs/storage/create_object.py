"""CreateObjectCommand: an empty volume, or a snapshot of one (agent-protocol 4.4)."""

from __future__ import annotations

from typing import Any

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.images import Image
from lakh.agent.objects import SNAPSHOT, VOLUME, file_name, pool_of, snapshot_name, unwrap, url_of, volume_name
from lakh.wire.message import SUBSYSTEM, Message

ANSWER = SUBSYSTEM + "CreateObjectAnswer"


@verb(SUBSYSTEM + "CreateObjectCommand", answer=ANSWER)
def create_object(host: Host, command: Message) -> Message:
    kind, data = unwrap(command.body["data"])
    if kind == "VolumeObjectTO":
        return done(ANSWER, data={VOLUME: _volume(host, data)})
    if kind == "SnapshotObjectTO":
        return done(ANSWER, data={SNAPSHOT: _snapshot(host, data)})
    raise RefusedError(f"cannot create a {kind}")


def _volume(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    name = volume_name(data)
    if not name:
        raise RefusedError("the volume has neither path nor uuid")
    volume = host.hypervisor.create_volume(pool_of(data), name, int(data.get("size") or 0))
    return {"path": name, "size": volume.size_bytes, "format": "QCOW2"}


def _snapshot(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """Named by the snapshot's own id, so that a repeated command finds its first result."""
    volume = data["volume"]
    pool, name = pool_of(volume), volume_name(volume)
    snapshot = file_name(data.get("path")) or snapshot_name(data)
    made = host.hypervisor.snapshot(pool, name, snapshot)
    if not data.get("imageStore"):
        return {"path": f"/mnt/{pool}/{name}/{snapshot}", "physicalSize": made.physical_bytes}
    path = f"snapshots/{data.get('accountId') or volume.get('accountId') or 0}/{volume.get('volumeId') or 0}/{snapshot}"
    image = Image(snapshot, path, "snapshot", made.size_bytes, made.physical_bytes)
    host.images.of(url_of(data["imageStore"])).add(image)
    return {"path": path, "physicalSize": made.physical_bytes}
