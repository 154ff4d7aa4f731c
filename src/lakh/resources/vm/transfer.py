"""Rows as the agent protocol's transfer objects (agent-protocol 4.1)."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from lakh.catalogue.guest_os import os_types
from lakh.resources.image_store.row import ImageStoreRow
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.least import Least
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow
from lakh.wire.message import OBJECT, STORAGE_OBJECT

VOLUME = STORAGE_OBJECT + "VolumeObjectTO"
TEMPLATE = STORAGE_OBJECT + "TemplateObjectTO"
PRIMARY = STORAGE_OBJECT + "PrimaryDataStoreTO"
NFS = OBJECT + "NfsTO"

_CONTROL_NAMES = {"Public": "cloudbr0", "Management": "cloudbr0", "Guest": "cloudbr1", "Storage": "cloudbr0"}


def pool_to(pool: StoragePoolRow) -> dict[str, Any]:
    """A primary pool, wrapped in its class as interface fields need it."""
    url = f"{pool.type}://{pool.host_address}{pool.path}/?ROLE=Primary&STOREUUID={pool.uuid}"
    return {
        PRIMARY: {
            "uuid": pool.uuid,
            "name": pool.name,
            "id": pool.id,
            "poolType": pool.type,
            "host": pool.host_address,
            "path": pool.path,
            "port": pool.port,
            "url": url,
            "isManaged": pool.managed,
            "fullCloneFlag": False,
            "diskProvisioningStrictnessFlag": False,
        }
    }


def image_store_to(store: ImageStoreRow) -> dict[str, Any]:
    """An NFS image store, wrapped."""
    return {NFS: {"_url": store.url, "_role": "Image", "uuid": store.uuid}}


def volume_to(volume: VolumeRow, pool: StoragePoolRow, vm_name: str | None = None) -> dict[str, Any]:
    """A volume on a pool, plain."""
    return {
        "uuid": volume.uuid,
        "id": volume.id,
        "volumeId": volume.id,
        "name": volume.name,
        "path": volume.path,
        "size": volume.size_bytes,
        "volumeType": volume.type,
        "format": volume.format,
        "provisioningType": volume.provisioning_type.upper(),
        "dataStore": pool_to(pool),
        "poolId": pool.id,
        "vmName": vm_name,
        "accountId": volume.account_id,
        "deviceId": volume.device_id,
        "hypervisorType": "KVM",
        "cacheMode": "NONE",
        "directDownload": False,
        "deployAsIs": False,
    }


def template_to(template: TemplateRow, store: dict[str, Any], path: str | None, size_bytes: int) -> dict[str, Any]:
    """A template on an image store or a pool (`store` as image_store_to or pool_to gives it), plain."""
    return {
        "path": path,
        "origUrl": template.url,
        "uuid": template.uuid,
        "id": template.id,
        "format": template.format,
        "accountId": template.account_id,
        "checksum": template.checksum,
        "hvm": template.requires_hvm,
        "displayText": template.display_text,
        "imageDataStore": store,
        "name": template.unique_name,
        "size": size_bytes,
        "hypervisorType": template.hypervisor,
        "bootable": template.is_bootable,
        "uniqueName": template.unique_name,
        "directDownload": template.direct_download,
        "deployAsIs": False,
    }


def disk_to(volume: VolumeRow, pool: StoragePoolRow, vm_name: str) -> dict[str, Any]:
    """A DiskTO."""
    return {
        "data": {VOLUME: volume_to(volume, pool, vm_name)},
        "diskSeq": volume.device_id,
        "path": volume.path,
        "type": volume.type,
        "details": {
            "managed": str(pool.managed).lower(),
            "storageHost": pool.host_address,
            "storagePort": str(pool.port),
            "volumeSize": str(volume.size_bytes),
        },
    }


def nic_to(nic: NicRow, network: NetworkRow) -> dict[str, Any]:
    """A NicTO: `uuid` is the network's, `nicUuid` the NIC's (agent-protocol, trap 13).

    A guest NIC's wire is the network's, which may have got its VLAN after the NIC was made.
    """
    uri = network.broadcast_uri if nic.traffic_type == "Guest" else nic.broadcast_uri
    return {
        "deviceId": nic.device_id,
        "nicUuid": nic.uuid,
        "networkId": network.id,
        "networkRateMbps": 200,
        "defaultNic": nic.is_default,
        "pxeDisable": False,
        "nicSecIps": [],
        "details": {},
        "dpdkEnabled": False,
        "enabled": True,
        "uuid": network.uuid,
        "ip": nic.ip,
        "netmask": nic.netmask,
        "gateway": nic.gateway,
        "mac": nic.mac,
        "dns1": network.dns1,
        "dns2": network.dns2,
        "broadcastType": network.broadcast_domain_type if nic.traffic_type == "Guest" else _broadcast(nic),
        "type": nic.traffic_type,
        "broadcastUri": uri,
        "isolationUri": uri,
        "securityGroupEnabled": nic.security_group_enabled,
        "name": _CONTROL_NAMES.get(nic.traffic_type),
    }


def _broadcast(nic: NicRow) -> str:
    return "LinkLocal" if nic.traffic_type == "Control" else "Vlan"


def machine_to(
    vm: VmRow,
    os_name: str,
    disks: list[dict[str, Any]],
    nics: list[dict[str, Any]],
    least: Least,
    *,
    boot_arguments: str | None = None,
) -> dict[str, Any]:
    """A VirtualMachineTO, plain. Memory in bytes, speed in MHz."""
    body = {
        "id": vm.id,
        "name": vm.instance_name,
        "uuid": vm.uuid,
        "type": vm.type,
        "state": "Starting",
        "cpus": vm.cpus,
        "speed": vm.speed_mhz,
        "minSpeed": least.speed_mhz,
        "maxSpeed": vm.speed_mhz,
        "minRam": least.memory_bytes,
        "maxRam": vm.memory_mb << 20,
        "hostName": vm.name,
        "arch": vm.arch,
        "os": os_name,
        "platformEmulator": os_name,
        "bootloader": "HVM",
        "enableHA": vm.ha_enabled,
        "limitCpuUse": vm.limit_cpu_use,
        "enableDynamicallyScaleVm": vm.dynamic_scaling,
        "vncPassword": vm.vnc_password,
        "details": msgspec.json.decode(vm.details_json),
        "params": {},
        "bootType": "BIOS",
        "bootMode": "LEGACY",
        "disks": disks,
        "nics": nics,
        "guestOsDetails": {},
        "extraConfig": {},
    }
    if boot_arguments is not None:
        body["bootArgs"] = boot_arguments
    return body


@cache
def _os_names() -> dict[int, str]:
    return {found.id: found.name for found in os_types()}


def os_type_name(os_type_id: int) -> str:
    """The guest OS's name as hosts expect it."""
    return _os_names().get(os_type_id, "Other PV (64-bit)")
