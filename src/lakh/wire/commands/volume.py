"""Commands on volumes, templates and snapshots (agent-protocol 4.4, 4.5; addendum 0, 1.5, 1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import PRIMARY_STORE_TO, SNAPSHOT_TO, Fields, TransferObject, signed_bytes


def create(data: TransferObject) -> Message:
    """Makes an empty disk of a volume, or takes a snapshot; the answer's `data` has path and size."""
    return command(names.CREATE_OBJECT, data=data.wrapped)


def copy(
    source: TransferObject,
    destination: TransferObject,
    *,
    cache: TransferObject | None = None,
    options: Mapping[str, str] | None = None,
    destination_options: Mapping[str, str] | None = None,
    wait_seconds: int = 0,
) -> Message:
    """Copies, clones, backs up or restores, as the kinds and stores of both ends say; the answer has `newData`.

    On KVM a copy to primary storage goes in sequence, unless a snapshot is one of its ends.
    """
    return command(
        names.COPY,
        wait_seconds,
        srcTO=source.wrapped,
        destTO=destination.wrapped,
        cacheTO=None if cache is None else cache.wrapped,
        executeInSequence=copies_in_sequence(source, destination),
        options=dict(options or {}),
        options2=dict(destination_options or {}),
    )


def copies_in_sequence(source: TransferObject, destination: TransferObject) -> bool:
    """The rule that overrides settings for copies on KVM (addendum 0)."""
    if SNAPSHOT_TO in (source.java_class, destination.java_class):
        return False
    store = destination.body.get("dataStore") or destination.body.get("imageDataStore") or {}
    return PRIMARY_STORE_TO in store


def delete(data: TransferObject, *, chain: bool = False) -> Message:
    """Deletes a volume, template or snapshot; a missing one counts as deleted."""
    return command(names.DELETE, data=data.wrapped, deleteChain=chain)


def attach(disk: Fields, *, vm_name: str, forced: bool = False) -> Message:
    """Attaches a disk to a running VM. AttachAnswer's disk has `diskSeq`, from then on the device id."""
    return command(names.ATTACH, disk=disk, vmName=vm_name, inSeq=False, forced=forced, controllerInfo={})


def detach(disk: Fields, *, vm_name: str, forced: bool = False, wait_detach_seconds: int | None = None) -> Message:
    """Detaches a disk from a running VM (DettachCommand is the class's real name)."""
    return command(
        names.DETTACH,
        disk=disk,
        vmName=vm_name,
        _managed=False,
        params={},
        forced=forced,
        waitDetachDevice=wait_detach_seconds,
    )


def resize(
    path: str,
    *,
    pool: Fields,
    current_bytes: int,
    new_bytes: int,
    shrink_ok: bool = False,
    vm_name: str | None = None,
    chain_info: str | None = None,
    encrypt_format: str | None = None,
    passphrase: bytes | None = None,
) -> Message:
    """Resizes a volume, live when `vm_name` runs; the answer has `newSize`. `pool`: `data.storage_filer`."""
    return command(
        names.RESIZE_VOLUME,
        path=path,
        pool=pool,
        currentSize=current_bytes,
        newSize=new_bytes,
        shrinkOk=shrink_ok,
        vmInstance=vm_name,
        chainInfo=chain_info,
        managed=False,
        passphrase=None if passphrase is None else signed_bytes(passphrase),
        encryptFormat=encrypt_format,
    )


def migrate(
    *,
    volume_id: int,
    path: str,
    source: TransferObject,
    destination: TransferObject,
    source_pool: Fields,
    destination_pool: Fields,
    vm_name: str | None = None,
    type: str = "DATADISK",
    chain_info: str | None = None,
    wait_seconds: int = 0,
) -> Message:
    """Moves a volume to another pool; the answer has `volumePath`."""
    return command(
        names.MIGRATE_VOLUME,
        wait_seconds,
        volumeId=volume_id,
        volumePath=path,
        pool=destination_pool,
        sourcePool=source_pool,
        attachedVmName=vm_name,
        volumeType=type,
        srcData=source.wrapped,
        destData=destination.wrapped,
        srcDetails={},
        destDetails={},
        chainInfo=chain_info,
    )


def revert(snapshot: TransferObject, *, on_primary: TransferObject | None = None) -> Message:
    """Sets a volume back to a snapshot; both travel bare."""
    return command(
        names.REVERT_SNAPSHOT,
        data=snapshot.body,
        dataOnPrimaryStorage=None if on_primary is None else on_primary.body,
        _executeInSequence=False,
        deleteChain=False,
    )


def create_vm_snapshot(
    vm_name: str,
    *,
    vm_uuid: str,
    target: Fields,
    volumes: Sequence[TransferObject],
    guest_os_type: str,
    wait_seconds: int = 0,
) -> Message:
    """Takes a VM snapshot (`data.vm_snapshot`); the answer echoes the volumes."""
    body = _vm_snapshot(vm_name, target, volumes, guest_os_type)
    return command(names.CREATE_VM_SNAPSHOT, wait_seconds, **body, vmUuid=vm_uuid)


def delete_vm_snapshot(
    vm_name: str, *, target: Fields, volumes: Sequence[TransferObject], guest_os_type: str, wait_seconds: int = 0
) -> Message:
    body = _vm_snapshot(vm_name, target, volumes, guest_os_type)
    return command(names.DELETE_VM_SNAPSHOT, wait_seconds, **body)


def revert_to_vm_snapshot(
    vm_name: str,
    *,
    vm_uuid: str,
    target: Fields,
    volumes: Sequence[TransferObject],
    guest_os_type: str,
    reload_vm: bool = False,
    wait_seconds: int = 0,
) -> Message:
    """Sets a VM back; the answer has `vmState`, PowerOn after DiskAndMemory, PowerOff after Disk."""
    body = _vm_snapshot(vm_name, target, volumes, guest_os_type)
    return command(names.REVERT_TO_VM_SNAPSHOT, wait_seconds, **body, vmUuid=vm_uuid, reloadVm=reload_vm)


def _vm_snapshot(vm_name: str, target: Fields, volumes: Sequence[TransferObject], guest_os_type: str) -> dict[str, Any]:
    return {
        "volumeTOs": [one.body for one in volumes],
        "target": target,
        "vmName": vm_name,
        "guestOSType": guest_os_type,
    }
