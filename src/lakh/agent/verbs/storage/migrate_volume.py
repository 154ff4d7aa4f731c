"""MigrateVolumeCommand: a volume to another pool, under a running VM or not (agent-protocol 4.3)."""

from __future__ import annotations

from lakh.agent.dispatch import done, verb
from lakh.agent.host import Host
from lakh.agent.hypervisor import RefusedError
from lakh.agent.objects import file_name, pool_of, unwrap, volume_name
from lakh.wire.message import STORAGE, Message


@verb(STORAGE + "MigrateVolumeCommand", answer=STORAGE + "MigrateVolumeAnswer")
def migrate_volume(host: Host, command: Message) -> Message:
    """Copies, moves a running VM's disk over, then deletes the source."""
    body = command.body
    if body.get("srcData") and body.get("destData"):
        source, target = unwrap(body["srcData"])[1], unwrap(body["destData"])[1]
        source_pool, source_name = pool_of(source), volume_name(source)
        pool, name = pool_of(target), volume_name(target) or source_name
    else:
        source_pool, pool = body["sourcePool"]["uuid"], body["pool"]["uuid"]
        source_name = name = file_name(body["volumePath"])
    if (source_pool, source_name) == (pool, name):
        raise RefusedError(f"volume {name} is on storage pool {pool} already")
    hypervisor = host.hypervisor
    vm = body.get("attachedVmName")
    disk = None
    if vm:
        disk = next(
            (d for d in hypervisor.domain(vm).spec.disks if (d.pool, d.volume) == (source_pool, source_name)), None
        )
        if disk is None:
            raise RefusedError(f"volume {source_name} is not attached to {vm}")
    hypervisor.copy_volume(source_pool, source_name, pool, name)
    if vm and disk:
        hypervisor.detach(vm, disk)
        hypervisor.attach(vm, disk._replace(pool=pool, volume=name))
    hypervisor.delete_volume(source_pool, source_name)
    return done(STORAGE + "MigrateVolumeAnswer", volumePath=name)
