"""Commands of a VM's life on a host (agent-protocol 4.2, 4.3). For KVM none of these goes in sequence by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakh.wire import names
from lakh.wire.commands.compose import command
from lakh.wire.message import Message
from lakh.wire.objects.data import Fields, TransferObject


def start(vm: Fields, *, host_ip: str, secondary_storages: Sequence[str] = (), in_sequence: bool = False) -> Message:
    """Defines and starts a VM. StartAnswer echoes `vm`, with `nics` not null."""
    return command(
        names.START,
        vm=vm,
        hostIp=host_ip,
        executeInSequence=in_sequence,
        secondaryStorages=list(secondary_storages),
    )


def stop(
    vm_name: str,
    *,
    vm: Fields | None = None,
    check_before_cleanup: bool = False,
    force: bool = False,
    expunge: bool = False,
    control_ip: str | None = None,
    vlan_persistence: Mapping[str, bool] | None = None,
    in_sequence: bool = False,
) -> Message:
    """Stops a VM; an unknown one counts as stopped. With `check_before_cleanup` a running one is left alone."""
    return command(
        names.STOP,
        vmName=vm_name,
        vm=vm,
        executeInSequence=in_sequence,
        isProxy=False,
        checkBeforeCleanup=check_before_cleanup,
        controlIp=control_ip,
        forceStop=force,
        vlanToPersistenceMap=dict(vlan_persistence or {}),
        expungeVM=expunge,
        volumesToDisconnect=[],
    )


def reboot(vm_name: str, *, vm: Fields | None = None, in_sequence: bool = False) -> Message:
    return command(names.REBOOT, vmName=vm_name, vm=vm, executeInSequence=in_sequence)


def check(vm_name: str) -> Message:
    """Asks for the power state; of an unknown VM it is PowerOff with result true."""
    return command(names.CHECK_VIRTUAL_MACHINE, vmName=vm_name)


def vnc_port(vm_id: int, vm_name: str) -> Message:
    return command(names.GET_VNC_PORT, id=vm_id, name=vm_name)


def scale(
    vm: Fields,
    *,
    vm_name: str,
    cpus: int,
    min_speed_mhz: int,
    max_speed_mhz: int,
    min_memory_bytes: int,
    max_memory_bytes: int,
    limit_cpu_use_change: bool = False,
) -> Message:
    """Changes a running VM's CPUs and memory."""
    return command(
        names.SCALE_VM,
        vm=vm,
        vmName=vm_name,
        cpus=cpus,
        minSpeed=min_speed_mhz,
        maxSpeed=max_speed_mhz,
        minRam=min_memory_bytes,
        maxRam=max_memory_bytes,
        limitCpuUseChange=limit_cpu_use_change,
    )


def plug_nic(nic: Fields, *, vm_name: str, vm_type: str = "User", details: Mapping[str, str] | None = None) -> Message:
    return command(names.PLUG_NIC, nic=nic, instanceName=vm_name, vmType=vm_type, details=dict(details or {}))


def replug_nic(
    nic: Fields, *, vm_name: str, vm_type: str = "User", details: Mapping[str, str] | None = None
) -> Message:
    return command(names.REPLUG_NIC, nic=nic, instanceName=vm_name, vmType=vm_type, details=dict(details or {}))


def unplug_nic(nic: Fields, *, vm_name: str, vlan_persistence: Mapping[str, bool] | None = None) -> Message:
    return command(names.UNPLUG_NIC, nic=nic, instanceName=vm_name, vlanToPersistenceMap=dict(vlan_persistence or {}))


def update_nic(mac: str, *, vm_name: str, enabled: bool) -> Message:
    """Sets a nic's link up or down."""
    return command(names.UPDATE_VM_NIC, nicMacAddress=mac, instanceName=vm_name, enabled=enabled)


def attach_iso(
    vm_name: str, *, iso_path: str, store_url: str, attach: bool, device_key: int | None = None, force: bool = False
) -> Message:
    return command(
        names.ATTACH_ISO,
        vmName=vm_name,
        storeUrl=store_url,
        isoPath=iso_path,
        attach=attach,
        deviceKey=device_key,
        force=force,
    )


def config_drive(
    iso_file: str,
    *,
    create: bool,
    store: TransferObject,
    iso_data: str | None = None,
    use_host_cache: bool = False,
    prefer_host_cache: bool = False,
) -> Message:
    """Makes or deletes a config drive; `iso_data` is the ISO in base64."""
    return command(
        names.HANDLE_CONFIG_DRIVE,
        isoFile=iso_file,
        isoData=iso_data,
        create=create,
        destStore=store.wrapped,
        useHostCacheOnUnsupportedPool=use_host_cache,
        preferHostCache=prefer_host_cache,
    )


def ip_address(vm_name: str, *, network_cidr: str, mac: str | None = None, windows: bool = False) -> Message:
    """Asks which address the guest took in a network without DHCP of ours; the answer has it in `details`."""
    return command(names.GET_VM_IP_ADDRESS, vmName=vm_name, vmNetworkCidr=network_cidr, windows=windows, macAddress=mac)


def unmanaged_instances(*, managed: Sequence[str], name: str | None = None) -> Message:
    return command(names.GET_UNMANAGED_INSTANCES, instanceName=name, managedInstancesNames=list(managed))


def prepare_for_migration(vm: Fields, *, rollback: bool = False) -> Message:
    """To the destination, before `migrate`; with `rollback` it undoes what the first one did there."""
    return command(names.PREPARE_FOR_MIGRATION, vm=vm, rollback=rollback)


def migrate(
    vm: Fields,
    *,
    vm_name: str,
    destination_ip: str,
    host_guid: str,
    windows: bool = False,
    auto_convergence: bool = False,
    migrate_storage: Mapping[str, Fields] | None = None,
    vlan_persistence: Mapping[str, bool] | None = None,
    wait_seconds: int | None = None,
    in_sequence: bool = False,
) -> Message:
    """To the source: moves the running VM. `destination_ip`, `host_guid` are the destination's.

    `migrate_storage` maps volume paths to `migrate_disk` for volumes that move along.
    """
    return command(
        names.MIGRATE,
        wait_seconds,
        vmName=vm_name,
        destinationIp=destination_ip,
        hostGuid=host_guid,
        virtualMachine=vm,
        windows=windows,
        executeInSequence=in_sequence,
        autoConvergence=auto_convergence,
        migrateStorage=dict(migrate_storage or {}),
        migrateStorageManaged=False,
        migrateNonSharedInc=False,
        migrateDiskInfoList=[],
        vlanToPersistenceMap=dict(vlan_persistence or {}),
    )


def migrate_disk(
    *, serial: str, destination: str, type: str = "FILE", driver: str = "QCOW2", source: str = "FILE"
) -> Fields:
    """How one volume moves along: `type` FILE or BLOCK, `destination` the path it gets there."""
    return {
        "serialNumber": serial,
        "diskType": type,
        "driverType": driver,
        "source": source,
        "sourceText": destination,
        "isSourceDiskOnStorageFileSystem": type == "FILE",
    }
