"""Machines as transfer objects: VMs with their disks and nics, hosts (agent-protocol 4.1). All are plain dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.wire.objects.data import Fields, TransferObject, present


def disk(
    data: TransferObject, *, sequence: int, type: str, path: str | None = None, details: Mapping[str, str] | None = None
) -> Fields:
    """A disk of a VM: its data, its place on the bus, its Volume.Type (ISO for a CD drive)."""
    return present(
        {"data": data.wrapped, "diskSeq": sequence, "path": path, "type": type, "details": dict(details or {})}
    )


def nic(
    *,
    device_id: int,
    nic_uuid: str,
    network_uuid: str,
    mac: str,
    network_id: int | None = None,
    ip: str | None = None,
    netmask: str | None = None,
    gateway: str | None = None,
    dns1: str | None = None,
    dns2: str | None = None,
    traffic_type: str = "Guest",
    broadcast_type: str = "Vlan",
    broadcast_uri: str | None = None,
    isolation_uri: str | None = None,
    traffic_label: str | None = None,
    default: bool = False,
    security_groups: bool = False,
    rate_mbps: int | None = None,
    secondary_ips: Sequence[str] = (),
    ip6_address: str | None = None,
    ip6_gateway: str | None = None,
    ip6_cidr: str | None = None,
    mtu: int | None = None,
    enabled: bool = True,
    details: Mapping[str, str] | None = None,
) -> Fields:
    """A nic of a VM. Mind: in Java `uuid` is the network's, `nicUuid` the nic's own.

    `traffic_type`: TrafficType; `broadcast_type`: BroadcastDomainType; `traffic_label`: the host's bridge, cloudbr1.
    """
    body = {
        "deviceId": device_id,
        "networkRateMbps": rate_mbps,
        "networkRateMulticastMbps": rate_mbps,
        "defaultNic": default,
        "pxeDisable": False,
        "nicUuid": nic_uuid,
        "networkId": network_id,
        "nicSecIps": list(secondary_ips),
        "details": dict(details or {}),
        "dpdkEnabled": False,
        "mtu": mtu,
        "enabled": enabled,
        "uuid": network_uuid,
        "ip": ip,
        "netmask": netmask,
        "gateway": gateway,
        "mac": mac,
        "dns1": dns1,
        "dns2": dns2,
        "broadcastType": broadcast_type,
        "type": traffic_type,
        "broadcastUri": broadcast_uri,
        "isolationUri": isolation_uri,
        "securityGroupEnabled": security_groups,
        "name": traffic_label,
        "ip6address": ip6_address,
        "ip6gateway": ip6_gateway,
        "ip6cidr": ip6_cidr,
    }
    return present(body)


def virtual_machine(
    *,
    id: int,
    uuid: str,
    name: str,
    type: str,
    cpus: int,
    speed_mhz: int,
    memory_bytes: int,
    disks: Sequence[Fields],
    nics: Sequence[Fields],
    min_memory_bytes: int | None = None,
    min_speed_mhz: int | None = None,
    host_name: str | None = None,
    arch: str = "x86_64",
    os: str = "Other (64-bit)",
    platform_emulator: str | None = None,
    boot_args: str = "",
    boot_type: str | None = None,
    boot_mode: str | None = None,
    vnc_password: str | None = None,
    ha_enabled: bool = False,
    limit_cpu_use: bool = False,
    dynamically_scalable: bool = False,
    details: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    vm_data: Sequence[Sequence[str | None]] | None = None,
    config_drive: Mapping[str, str] | None = None,
    networks: Mapping[int, str] | None = None,
) -> Fields:
    """A VM to be started. `type`: User, DomainRouter, SecondaryStorageVm, ConsoleProxy; `name`: the instance name.

    `config_drive` carries configDriveLabel, configDriveIsoRootFolder, configDriveIsoFile, configDriveLocation.
    """
    body = {
        "id": id,
        "name": name,
        "state": "Starting",
        "type": type,
        "cpus": cpus,
        "speed": speed_mhz,
        "minSpeed": speed_mhz if min_speed_mhz is None else min_speed_mhz,
        "maxSpeed": speed_mhz,
        "minRam": memory_bytes if min_memory_bytes is None else min_memory_bytes,
        "maxRam": memory_bytes,
        "requestedRam": memory_bytes,
        "hostName": host_name,
        "arch": arch,
        "os": os,
        "platformEmulator": platform_emulator,
        "bootArgs": boot_args,
        "enableHA": ha_enabled,
        "limitCpuUse": limit_cpu_use,
        "enableDynamicallyScaleVm": dynamically_scalable,
        "vncPassword": vnc_password,
        "details": dict(details or {}),
        "params": dict(params or {}),
        "uuid": uuid,
        "bootType": boot_type,
        "bootMode": boot_mode,
        "enterHardwareSetup": False,
        "disks": list(disks),
        "nics": list(nics),
        "vmData": vm_data,
        "guestOsDetails": {},
        "extraConfig": {},
        "networkIdToNetworkNameMap": {str(key): value for key, value in (networks or {}).items()},
    }
    return present(body | dict(config_drive or {}))


def network(*, ip: str, mac: str | None = None, netmask: str | None = None) -> Fields:
    """One of a host's own networks."""
    return present({"ip": ip, "mac": mac, "netmask": netmask, "securityGroupEnabled": False})


def host(
    *,
    guid: str,
    private: Fields,
    public: Fields | None = None,
    storage: Fields | None = None,
    parent: str | None = None,
) -> Fields:
    """A host, as those who look for it or fence it are told of it."""
    return present(
        {
            "guid": guid,
            "privateNetwork": private,
            "publicNetwork": public,
            "storageNetwork1": storage,
            "parent": parent,
        }
    )
