"""ModifyStoragePoolCommand: connect a pool, or let go of it (agent-protocol 4.6)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.objects import filer_spec
from lakh.wire.message import API, Message


@verb(API + "ModifyStoragePoolCommand", answer=API + "ModifyStoragePoolAnswer", early=True)
def modify_pool(host: Host, command: Message) -> Message:
    body = command.body
    pool = filer_spec(body["pool"], body.get("localPath") or "")
    if body.get("add") is False:
        host.hypervisor.disconnect_pool(pool.uuid)
        return done(API + "ModifyStoragePoolAnswer", templateInfo={})
    usage = host.hypervisor.connect_pool(pool)
    return done(
        API + "ModifyStoragePoolAnswer",
        poolInfo={
            "host": pool.host,
            "localPath": pool.local_path or f"/mnt/{pool.uuid}",
            "hostPath": pool.path,
            "poolType": pool.kind,
            "capacityBytes": usage.capacity_bytes,
            "availableBytes": usage.capacity_bytes - usage.used_bytes,
        },
        templateInfo={},
    )


@verb(API + "CreateStoragePoolCommand", early=True)
def create_pool(host: Host, command: Message) -> Message:
    """Sent to one host when a pool is added: can it be reached at all."""
    host.hypervisor.connect_pool(filer_spec(command.body["pool"], command.body.get("localPath") or ""))
    return done()


@verb(API + "DeleteStoragePoolCommand", early=True)
def delete_pool(host: Host, command: Message) -> Message:
    pool = command.body.get("_pool") or command.body["pool"]
    host.hypervisor.disconnect_pool(filer_spec(pool).uuid)
    return done()


@verb(
    API + "PrepareStorageClientCommand",
    answer=API + "PrepareStorageClientAnswer",
)
def prepare_client(host: Host, command: Message) -> Message:
    return done(API + "PrepareStorageClientAnswer", detailsMap={})


@verb(API + "UnprepareStorageClientCommand", answer=API + "UnprepareStorageClientAnswer")
def unprepare_client(host: Host, command: Message) -> Message:
    return done(API + "UnprepareStorageClientAnswer")
