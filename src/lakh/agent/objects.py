"""Reads the transfer objects of commands (agent-protocol 2.7, 4.1) into what the hypervisor takes."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from lakh.agent.hypervisor import DiskSpec, DomainSpec, NicSpec, PoolSpec, RefusedError
from lakh.wire.message import STORAGE_OBJECT

VOLUME = STORAGE_OBJECT + "VolumeObjectTO"
TEMPLATE = STORAGE_OBJECT + "TemplateObjectTO"
SNAPSHOT = STORAGE_OBJECT + "SnapshotObjectTO"

Fields = dict[str, Any]


def unwrap(data: Fields) -> tuple[str, Fields]:
    """The simple class name and fields of an object declared by an interface: `{"<class>": {…}}`."""
    if len(data) != 1:
        raise ValueError(f"an object of one class expected, {len(data)} keys found")
    java_class, body = next(iter(data.items()))
    return java_class.rpartition(".")[2], body


def is_primary(data: Fields) -> bool:
    """True when a data object lies on primary storage."""
    store = data.get("dataStore") or data.get("imageDataStore")
    if not store:
        return False
    kind, body = unwrap(store)
    return kind == "PrimaryDataStoreTO" or body.get("role", body.get("_role")) == "Primary"


def pool_of(data: Fields) -> str:
    """The uuid of the pool that a data object lies on."""
    store = data.get("dataStore") or data.get("imageDataStore")
    if not store:
        raise RefusedError("the object names no data store")
    uuid: str = unwrap(store)[1].get("uuid") or data.get("dataStoreUuid") or ""
    return uuid


def store_url(data: Fields) -> str:
    """The url of the image store that a data object lies on."""
    store = data.get("dataStore") or data.get("imageStore") or data.get("imageDataStore")
    return url_of(store) if store else ""


def url_of(store: Fields) -> str:
    """A wrapped image store's url, or what names it otherwise."""
    body = unwrap(store)[1]
    return body.get("_url") or body.get("url") or body.get("uri") or body.get("uuid") or ""


def file_name(path: str | None) -> str:
    """The last part of a path: primary storage of a host is flat."""
    return (path or "").rstrip("/").rpartition("/")[2]


def volume_name(volume: Fields) -> str:
    """A volume's file: its path, which is empty until it is made, then its uuid."""
    return file_name(volume.get("path")) or volume.get("uuid") or ""


def nic_spec(nic: Fields) -> NicSpec:
    return NicSpec(
        nic["mac"].lower(),
        nic.get("ip") or "",
        nic.get("broadcastUri") or nic.get("uuid") or str(nic.get("networkId") or ""),
        nic.get("nicUuid") or "",
        int(nic.get("deviceId") or 0),
        nic.get("type") or "Guest",
        nic.get("enabled", True) is not False,
    )


def disk_spec(disk: Fields) -> DiskSpec:
    kind = disk.get("type") or "DATADISK"
    device = disk.get("diskSeq")
    device_id = int(device) if device is not None else (3 if kind == "ISO" else 0)
    if kind == "ISO":
        return DiskSpec("", "", device_id, kind)
    _, data = unwrap(disk["data"])
    name = volume_name(data) or file_name(disk.get("path"))
    if not name:
        raise RefusedError(f"disk {device_id} names no volume")
    return DiskSpec(pool_of(data), name, device_id, kind)


def domain_spec(vm: Fields) -> DomainSpec:
    """A VirtualMachineTO."""
    max_ram = int(vm.get("maxRam") or vm.get("minRam") or 0)
    if max_ram <= 0:
        raise RefusedError(f"{vm['name']}: no memory given")
    return DomainSpec(
        vm["name"],
        vm.get("uuid") or "",
        int(vm.get("id") or 0),
        vm.get("type") or "User",
        int(vm.get("cpus") or 1),
        int(vm.get("speed") or vm.get("maxSpeed") or 0),
        int(vm.get("minRam") or max_ram),
        max_ram,
        [nic_spec(nic) for nic in vm.get("nics") or ()],
        [disk_spec(disk) for disk in vm.get("disks") or ()],
        vm.get("bootArgs") or "",
    )


def filer_spec(pool: Fields, local_path: str = "") -> PoolSpec:
    """A StorageFilerTO."""
    return PoolSpec(
        pool.get("uuid") or "",
        pool.get("type") or "NetworkFilesystem",
        pool.get("host") or "",
        pool.get("path") or "",
        local_path,
    )


def template_name(pool: str, template: Fields) -> str:
    """What a template's file on a pool is called: the same each time, so that a repeated copy finds the first."""
    return str(uuid5(NAMESPACE_OID, f"{pool} {template.get('uuid') or template.get('id')}"))


def snapshot_name(data: Fields) -> str:
    """A snapshot's file: from its volume and id, as the command names none."""
    return str(uuid5(NAMESPACE_OID, f"{data['volume'].get('uuid')} {data.get('id')} {data.get('name')}"))
