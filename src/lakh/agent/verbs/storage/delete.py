"""DeleteCommand: volumes, templates, snapshots; what is not there is gone (agent-protocol 4.4)."""

from __future__ import annotations

from lakh.agent.dispatch import HOSTS, SECONDARY_STORAGES, done, verb
from lakh.agent.host import Host, SystemVm
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import file_name, is_primary, pool_of, store_url, unwrap, volume_name
from lakh.wire.message import STORAGE, SUBSYSTEM, Message


@verb(SUBSYSTEM + "DeleteCommand", agents=HOSTS)
def delete_object(host: Host, command: Message) -> Message:
    kind, data = unwrap(command.body["data"])
    if not is_primary(data):
        host.images.of(store_url(data)).delete(data.get("path") or "")
    elif kind == "VolumeObjectTO":
        host.hypervisor.delete_volume(pool_of(data), volume_name(data))
    else:
        host.hypervisor.delete_volume(pool_of(data), file_name(data.get("path")))
    return done()


@verb(SUBSYSTEM + "DeleteCommand", agents=SECONDARY_STORAGES)
def delete_image(agent: SystemVm, command: Message) -> Message:
    _, data = unwrap(command.body["data"])
    agent.images.of(store_url(data)).delete(data.get("path") or "")
    return done()


@verb(STORAGE + "DestroyCommand", agents=HOSTS)
def destroy(host: Host, command: Message) -> Message:
    """The older form, with a plain volume."""
    volume = command.body["volume"]
    pool = volume.get("storagePoolUuid") or volume.get("poolUuid")
    if not pool:
        raise RefusedError("the volume names no storage pool")
    host.hypervisor.delete_volume(pool, file_name(volume.get("path")))
    return done()
