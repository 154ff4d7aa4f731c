"""Data as transfer objects: stores, volumes, templates, snapshots (agent-protocol 4.1).

Where Java declares an interface, an object travels inside a single-key object that names its class; where Java declares
the class itself it travels bare (2.7). So those that can be behind an interface are TransferObjects: use `wrapped` or
`body` as the field demands. The others are plain dicts. Fields that are None are left out.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from lakh.wire.errors import ProtocolError
from lakh.wire.message import OBJECT, STORAGE_OBJECT

VOLUME_TO: Final = STORAGE_OBJECT + "VolumeObjectTO"
TEMPLATE_TO: Final = STORAGE_OBJECT + "TemplateObjectTO"
SNAPSHOT_TO: Final = STORAGE_OBJECT + "SnapshotObjectTO"
PRIMARY_STORE_TO: Final = STORAGE_OBJECT + "PrimaryDataStoreTO"
IMAGE_STORE_TO: Final = STORAGE_OBJECT + "ImageStoreTO"
NFS_TO: Final = OBJECT + "NfsTO"

Fields = dict[str, Any]


class TransferObject(NamedTuple):
    """An object that may stand behind an interface: Java class and fields."""

    java_class: str
    body: Fields

    @property
    def wrapped(self) -> Fields:
        """The form for fields declared as an interface: DataTO, DataStoreTO."""
        return {self.java_class: self.body}


def read_object(field: object) -> TransferObject:
    """Reads a wrapped object from a command's body. Raises ProtocolError."""
    if isinstance(field, dict) and len(field) == 1:
        [(java_class, body)] = field.items()
        if isinstance(body, dict):
            return TransferObject(java_class, body)
    raise ProtocolError("a data object must be a single-key object: its class and its fields")


def name_uuid(text: str) -> str:
    """A version 3 UUID of the bare text, without a namespace, as Java's nameUUIDFromBytes makes it.

    A host added through the API has that of its address as guid (agent-protocol 3.1).
    """
    return str(uuid.UUID(bytes=hashlib.md5(text.encode(), usedforsecurity=False).digest(), version=3))


def present(fields: Fields) -> Fields:
    """The fields that are not None: Java's null is an absent field."""
    return {name: value for name, value in fields.items() if value is not None}


# --- stores ----------------------------------------------------------------------------------------------------------
def primary_store(
    *,
    id: int,
    uuid: str,
    name: str,
    pool_type: str,
    host: str,
    path: str,
    port: int = 0,
    details: Mapping[str, str] | None = None,
    managed: bool = False,
) -> TransferObject:
    """A primary storage pool as a data store. `pool_type`: StoragePoolType, case-sensitive; an unknown one is fatal."""
    body = {
        "uuid": uuid,
        "name": name,
        "id": id,
        "poolType": pool_type,
        "host": host,
        "path": path,
        "port": port,
        "url": f"{pool_type}://{host}/{path.strip('/')}/?ROLE=Primary&STOREUUID={uuid}",
        "details": details,
        "fullCloneFlag": False,
        "diskProvisioningStrictnessFlag": False,
        "isManaged": managed,
    }
    return TransferObject(PRIMARY_STORE_TO, present(body))


def nfs_store(
    *, url: str, uuid: str | None = None, role: str = "Image", nfs_version: str | None = None
) -> TransferObject:
    """Secondary storage on NFS, `url` like nfs://host/path. `role`: DataStoreRole, Image or ImageCache."""
    body = {"_url": url, "_role": role, "uuid": uuid, "nfsVersion": nfs_version}
    return TransferObject(NFS_TO, present(body))


def storage_filer(*, id: int, uuid: str, host: str, path: str, type: str, port: int = 0) -> Fields:
    """A primary storage pool as the pool commands and ResizeVolume name it. `type`: StoragePoolType."""
    return {"id": id, "uuid": uuid, "host": host, "path": path, "port": port, "type": type}


# --- data objects ----------------------------------------------------------------------------------------------------
def volume(
    *,
    id: int,
    uuid: str,
    name: str,
    size_bytes: int,
    store: TransferObject,
    path: str | None = None,
    type: str = "ROOT",
    format: str = "QCOW2",
    provisioning_type: str = "THIN",
    pool_id: int | None = None,
    vm_name: str | None = None,
    account_id: int = 0,
    device_id: int | None = None,
    chain_info: str | None = None,
    rates: Mapping[str, int] | None = None,
    cache_mode: str = "NONE",
    encrypt_format: str | None = None,
    passphrase: bytes | None = None,
) -> TransferObject:
    """A volume; `path` is absent until it exists. `type`: Volume.Type; `format`: ImageFormat.

    `rates` carries any of bytes|iops + Read|Write + Rate, RateMax, RateMaxLength, per second.
    """
    body = {
        "uuid": uuid,
        "volumeType": type,
        "dataStore": store.wrapped,
        "name": name,
        "size": size_bytes,
        "path": path,
        "volumeId": id,
        "vmName": vm_name,
        "accountId": account_id,
        "format": format,
        "provisioningType": provisioning_type,
        "poolId": pool_id,
        "id": id,
        "deviceId": device_id,
        "chainInfo": chain_info,
        "cacheMode": cache_mode,
        "hypervisorType": "KVM",
        "directDownload": False,
        "deployAsIs": False,
        "followRedirects": True,
        "encryptFormat": encrypt_format,
        "passphrase": None if passphrase is None else signed_bytes(passphrase),
    }
    return TransferObject(VOLUME_TO, present(body | dict(rates or {})))


def template(
    *,
    id: int,
    uuid: str,
    name: str,
    store: TransferObject | None,
    path: str | None = None,
    url: str | None = None,
    format: str = "QCOW2",
    account_id: int = 0,
    checksum: str | None = None,
    hvm: bool = True,
    display_text: str | None = None,
    size_bytes: int = 0,
    physical_size_bytes: int = 0,
    guest_os_type: str | None = None,
    bootable: bool = True,
    unique_name: str | None = None,
) -> TransferObject:
    """A template or ISO in `store`, image or primary. `path` is relative to the store's root."""
    body = {
        "path": path,
        "origUrl": url,
        "uuid": uuid,
        "id": id,
        "format": format,
        "accountId": account_id,
        "checksum": checksum,
        "hvm": hvm,
        "displayText": display_text,
        "imageDataStore": None if store is None else store.wrapped,
        "name": name,
        "guestOsType": guest_os_type,
        "size": size_bytes,
        "physicalSize": physical_size_bytes,
        "hypervisorType": "KVM",
        "bootable": bootable,
        "uniqueName": unique_name,
        "directDownload": False,
        "deployAsIs": False,
        "followRedirects": True,
    }
    return TransferObject(TEMPLATE_TO, present(body))


def snapshot(
    *,
    id: int,
    name: str,
    volume: TransferObject,
    store: TransferObject,
    path: str | None = None,
    image_store: TransferObject | None = None,
    parent_path: str | None = None,
    parent_store: TransferObject | None = None,
    parents: Sequence[str] = (),
    vm_name: str | None = None,
    account_id: int = 0,
    physical_size_bytes: int = 0,
    quiesce_vm: bool = False,
) -> TransferObject:
    """A volume snapshot. Its volume travels bare, its stores wrapped."""
    body = {
        "path": path,
        "volume": volume.body,
        "parentSnapshotPath": parent_path,
        "dataStore": store.wrapped,
        "imageStore": None if image_store is None else image_store.wrapped,
        "parentStore": None if parent_store is None else parent_store.wrapped,
        "kvmIncrementalSnapshot": False,
        "vmName": vm_name,
        "name": name,
        "hypervisorType": "KVM",
        "id": id,
        "quiescevm": quiesce_vm,
        "parents": list(parents),
        "physicalSize": physical_size_bytes,
        "accountId": account_id,
        "followRedirects": True,
    }
    return TransferObject(SNAPSHOT_TO, present(body))


def vm_snapshot(
    *,
    id: int,
    name: str,
    type: str,
    created_ms: int,
    current: bool,
    description: str | None = None,
    parent: Fields | None = None,
    volumes: Sequence[TransferObject] = (),
    quiesce_vm: bool = False,
) -> Fields:
    """A VM snapshot. `type`: Disk or DiskAndMemory; `parent` another of these."""
    return present(
        {
            "id": id,
            "snapshotName": name,
            "type": type,
            "createTime": created_ms,
            "current": current,
            "description": description,
            "parent": parent,
            "volumes": [one.body for one in volumes],
            "quiescevm": quiesce_vm,
        }
    )


def signed_bytes(data: bytes) -> list[int]:
    """Java's byte[]: an array of signed numbers."""
    return [byte - 256 if byte > 127 else byte for byte in data]
