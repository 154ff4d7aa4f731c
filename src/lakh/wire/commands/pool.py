"""Commands on storage pools, and the statistics a server polls (agent-protocol 4.6, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields, TransferObject, name_uuid


def local_path(pool: Fields) -> str:
    """Where a host mounts a pool by default: /mnt//<uuid made of its host and path>."""
    return f"/mnt//{name_uuid(pool['host'] + pool['path'])}"


def modify(pool: Fields, *, add: bool = True, details: Mapping[str, str] | None = None) -> Message:
    """Mounts a pool (`data.storage_filer`) on a host; the answer's `poolInfo` has localPath and sizes."""
    return command(
        names.MODIFY_STORAGE_POOL, add=add, pool=pool, localPath=local_path(pool), details=dict(details or {})
    )


def create(pool: Fields, *, details: Mapping[str, str] | None = None) -> Message:
    """Sent once when a pool is added, before any host mounts it."""
    return command(
        names.CREATE_STORAGE_POOL,
        add=True,
        pool=pool,
        localPath=local_path(pool),
        _createDatastore=False,
        _details=dict(details or {}),
    )


def delete(pool: Fields, *, details: Mapping[str, str] | None = None) -> Message:
    return command(
        names.DELETE_STORAGE_POOL,
        _pool=pool,
        _localPath=local_path(pool),
        _removeDatastore=False,
        _details=dict(details or {}),
    )


def stats(pool: Fields) -> Message:
    """Bytes used and total of a primary pool, asked of one of its hosts."""
    return command(names.GET_STORAGE_STATS, id=pool["uuid"], localPath=local_path(pool), pooltype=pool["type"])


def image_store_stats(store: TransferObject) -> Message:
    """Bytes used and total of an image store, asked of a secondary storage VM."""
    return command(
        names.GET_STORAGE_STATS, store=store.wrapped, secUrl=store.body["_url"], nfsVersion=store.body.get("nfsVersion")
    )


def volume_stats(pool_uuid: str, *, pool_type: str, volume_uuids: Sequence[str]) -> Message:
    """Physical and virtual size per volume; the answer's keys are the texts asked for."""
    return command(names.GET_VOLUME_STATS, volumeUuids=list(volume_uuids), poolType=pool_type, poolUuid=pool_uuid)


def host_stats(host_id: int, *, host_guid: str, host_name: str) -> Message:
    return command(names.GET_HOST_STATS, hostGuid=host_guid, hostName=host_name, hostId=host_id)


def vm_stats(vm_names: Sequence[str], *, host_guid: str, host_name: str) -> Message:
    """CPU, network, disk and memory per VM since the last call; only the names asked may come back."""
    return command(names.GET_VM_STATS, vmNames=list(vm_names), hostGuid=host_guid, hostName=host_name)


def vm_disk_stats(vm_names: Sequence[str], *, host_guid: str, host_name: str) -> Message:
    return command(names.GET_VM_DISK_STATS, vmNames=list(vm_names), hostGuid=host_guid, hostName=host_name)


def vm_network_stats(vm_names: Sequence[str], *, host_guid: str, host_name: str) -> Message:
    return command(names.GET_VM_NETWORK_STATS, vmNames=list(vm_names), hostGuid=host_guid, hostName=host_name)
