"""What a deployVirtualMachine comes to, worked out before anything is stored: the VM's row, its disks, its NICs.

Order of the checks: who it is for, where, of what (template, offering), in which groups, with which disks; networks
last, since from there on addresses are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.base.ids import is_uuid
from lakh.resources.account.ownership import owner_of
from lakh.resources.account.row import AccountRow
from lakh.resources.affinity_group.choose import groups_for
from lakh.resources.affinity_group.row import INSERT_MEMBER, AffinityMemberRow
from lakh.resources.command import Call
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.index import HostIndex
from lakh.resources.instance_group.choose import group_for
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import NicRow
from lakh.resources.security_group.membership import groups_for as security_groups_for
from lakh.resources.security_group.membership import join
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.details import check_details
from lakh.resources.vm.guest_access import keys_of, new_secret, password_for, user_data_of
from lakh.resources.vm.names import check_name_is_free
from lakh.resources.vm.new_disks import DEVICES, DataDisk, data_disk_bytes, new_volume, root_disk_bytes
from lakh.resources.vm.new_nics import (
    WantedNic,
    check_networks,
    default_networks,
    make_nics,
    networks_by_uuid,
)
from lakh.resources.vm.new_vm import VmNames, VmOwner, new_vm, user_instance_name
from lakh.resources.vm.planner import check_planner
from lakh.resources.vm.row import BY_UUID, USER, VmRow
from lakh.resources.vm.sizing import size_of
from lakh.resources.vm.usable import check_offering, check_template, live
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

if TYPE_CHECKING:
    from lakh.resources.vm.deploy import DeployVirtualMachine


@dataclass(slots=True)
class Deployment:
    """The rows to insert. `more` holds those of groups; `grouped`: the VM is in an affinity group."""

    vm: VmRow
    volumes: list[VolumeRow]
    nics: list[NicRow]
    more: TxnSpec = field(default_factory=lambda: TxnSpec("vm.groups"))
    grouped: bool = False

    @classmethod
    async def prepare(cls, call: Call, asked: DeployVirtualMachine) -> Deployment:
        """Checks and makes everything. Raises ParameterError, PermissionDeniedError, InsufficientCapacityError."""
        zone = await _zone(call, asked)
        owner = await owner_of(call, asked.account, asked.domainid, asked.projectid)
        if owner.state == "disabled":
            raise PermissionDeniedError(f"The owner of the Instance, account {owner.name}, is disabled")
        _check_host(call, asked)
        template = await _template(call, asked, owner, zone)
        offering = await live(call.cloud, ServiceOfferingRow, asked.serviceofferingid, "serviceofferingid")
        if offering.is_system:
            raise ParameterError(f"Service offering {offering.name} is for system VMs")
        await check_offering(call, offering, owner, zone.id)
        more = TxnSpec("vm.groups")
        vm = await _vm(call, asked, owner, zone, template, offering, more)
        groups = await groups_for(call, owner, asked.affinitygroupids, asked.affinitygroupnames)
        for group in groups:
            more.put(INSERT_MEMBER, AffinityMemberRow(group.id, vm.id))
        volumes = await _volumes(call, asked, owner, vm, template, offering)
        wanted = await _wanted_nics(call, asked, owner, zone)
        await check_networks(call, owner, zone, wanted)
        networks = [nic.network for nic in wanted]
        secured = await security_groups_for(
            call.cloud, owner, networks, asked.securitygroupids, asked.securitygroupnames
        )
        join(more, vm.id, secured)
        if asked.name is not None:
            await check_name_is_free(call.cloud, asked.name, [w.network for w in wanted])
        return cls(vm, volumes, await make_nics(call, vm.id, wanted), more, bool(groups))


# --- where and of what -----------------------------------------------------------------------------------------------
async def _zone(call: Call, asked: DeployVirtualMachine) -> ZoneRow:
    zone = await live(call.cloud, ZoneRow, asked.zoneid, "zoneid")
    if zone.allocation_state != "Enabled" and not call.caller.is_root_admin:
        raise PermissionDeniedError(f"Cannot perform this operation, Zone is currently disabled: {zone.name}")
    return zone


def _check_host(call: Call, asked: DeployVirtualMachine) -> None:
    if asked.hostid is not None:
        if not call.caller.is_root_admin:
            raise PermissionDeniedError("Parameter hostid can only be specified by a Root Admin, permission denied")
        if asked.hostid not in call.cloud.part(HostIndex).facts:
            raise ParameterError("Unable to find the host to deploy the Instance on by hostid")
    check_planner(call.cloud, asked.deploymentplanner)


async def _template(call: Call, asked: DeployVirtualMachine, owner: AccountRow, zone: ZoneRow) -> TemplateRow:
    if asked.templateid is None:
        raise ParameterError("Unable to execute API command deployvirtualmachine due to missing parameter templateid")
    template = await live(call.cloud, TemplateRow, asked.templateid, "templateid")
    await check_template(call, template, owner, zone.id)
    if template.format == "ISO":
        raise ParameterError(f"templateid: {template.name} is an ISO; deploy a template and attach the ISO to it")
    if asked.hypervisor and asked.hypervisor.lower() not in (template.hypervisor.lower(), "any"):
        raise ParameterError(
            f"hypervisor {asked.hypervisor[:64]} is not that of template {template.name}, {template.hypervisor}"
        )
    return template


# --- the VM ----------------------------------------------------------------------------------------------------------
async def _uuid(call: Call, asked: DeployVirtualMachine) -> str:
    if not asked.customid or not call.caller.is_root_admin:
        return call.cloud.uuid()
    if not is_uuid(asked.customid):
        raise ParameterError("customid must be a uuid")
    if await call.cloud.store.rows(BY_UUID, asked.customid.lower()):
        raise ParameterError(f"customid {asked.customid} is in use")
    return asked.customid.lower()


async def _vm(
    call: Call,
    asked: DeployVirtualMachine,
    owner: AccountRow,
    zone: ZoneRow,
    template: TemplateRow,
    offering: ServiceOfferingRow,
    more: TxnSpec,
) -> VmRow:
    """The row; a new instance group goes into `more`."""
    cloud = call.cloud
    check_details(call, asked.details)
    size = size_of(offering, asked.details)
    keys = await keys_of(cloud, owner.id, asked.keypair, asked.keypairs)
    user_data, user_data_id = await user_data_of(cloud, owner.id, asked.userdata, asked.userdataid)
    password = password_for(cloud, template, asked.password)
    scalable = offering.dynamic_scaling and template.dynamically_scalable and asked.dynamicscalingenabled
    vm_id, uuid = cloud.id("vm"), await _uuid(call, asked)
    instance_name = user_instance_name(owner.id, vm_id, cloud.part(Settings).text("instance.name"))
    names = VmNames(vm_id, uuid, asked.name or f"VM-{uuid}", instance_name)
    whose = VmOwner(owner.id, owner.domain_id, call.caller.user_id)
    group_id = await group_for(cloud, more, owner, asked.group) if asked.group else None
    vm = new_vm(cloud, USER, names, whose, zone.id, template, offering, size, new_secret(cloud.random, 16))
    return replace(
        vm,
        display_name=asked.displayname,
        dynamic_scaling=scalable and cloud.part(Settings).flag("enable.dynamic.scale.vm", ("Zone", zone.id)),
        display_vm=asked.displayvm,
        group_id=group_id,
        user_data=user_data,
        key_pairs=keys.names,
        public_keys=keys.public_keys,
        password=password,
        details_json=msgspec.json.encode(asked.details).decode(),
        password_pending=password is not None,
        user_data_id=user_data_id,
    )


# --- disks -----------------------------------------------------------------------------------------------------------
async def _volumes(
    call: Call,
    asked: DeployVirtualMachine,
    owner: AccountRow,
    vm: VmRow,
    template: TemplateRow,
    offering: ServiceOfferingRow,
) -> list[VolumeRow]:
    disks = await call.cloud.snapshots.of(DiskOfferingRow)
    override = None
    if asked.overridediskofferingid is not None:
        override = await _disk_offering(call, asked.overridediskofferingid, owner, vm, "overridediskofferingid")
    given = asked.rootdisksize if asked.rootdisksize is not None else _whole(asked.details.get("rootdisksize"))
    root = override or disks.by_id.get(offering.disk_offering_id or 0)
    size_bytes = root_disk_bytes(offering, template, given, override)
    made = [new_volume(call.cloud, vm, 0, size_bytes, root, template_id=template.id)]
    for disk in await _data_disks(call, asked, owner, vm):
        made.append(new_volume(call.cloud, vm, disk.device_id, data_disk_bytes(call.cloud, disk), disk.offering))
    return made


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ParameterError("rootdisksize in details must be a whole number of GiB")
    return int(text)


async def _disk_offering(call: Call, disk_id: int, owner: AccountRow, vm: VmRow, parameter: str) -> DiskOfferingRow:
    found = await live(call.cloud, DiskOfferingRow, disk_id, parameter)
    await check_offering(call, found, owner, vm.zone_id)
    return found


async def _data_disks(call: Call, asked: DeployVirtualMachine, owner: AccountRow, vm: VmRow) -> list[DataDisk]:
    """The one of `diskofferingid`, or those of the lists; devices they do not name are dealt from 1 on."""
    listed = asked.datadisksdetails or asked.datadiskofferinglist
    if asked.diskofferingid is not None and listed:
        raise ParameterError("diskofferingid and a list of data disks can't be specified together")
    if asked.diskofferingid is not None:
        offering = await _disk_offering(call, asked.diskofferingid, owner, vm, "diskofferingid")
        return [DataDisk(offering, asked.size, 1)]
    known = (await call.cloud.snapshots.of(DiskOfferingRow)).by_uuid
    found: list[DataDisk] = []
    taken = {0} | {int(e["deviceid"]) for e in listed if e.get("deviceid", "").isdigit()}
    for entry in listed:
        row = known.get((entry.get("diskofferingid") or "").lower())
        if row is None:
            raise ParameterError("data disks: every entry names its disk offering by diskofferingid")
        offering = await _disk_offering(call, row.id, owner, vm, "diskofferingid")
        device = int(entry["deviceid"]) if entry.get("deviceid", "").isdigit() else _free(taken)
        if not 0 < device < DEVICES or any(d.device_id == device for d in found):
            raise ParameterError(f"data disks: deviceid {device} is taken or out of range; give 1 to {DEVICES - 1}")
        taken.add(device)
        found.append(DataDisk(offering, int(entry["size"]) if entry.get("size", "").isdigit() else None, device))
    return found


def _free(taken: set[int]) -> int:
    return next(device for device in range(1, DEVICES + 1) if device not in taken)


# --- networks --------------------------------------------------------------------------------------------------------
async def _wanted_nics(call: Call, asked: DeployVirtualMachine, owner: AccountRow, zone: ZoneRow) -> list[WantedNic]:
    if asked.iptonetworklist and (asked.networkids or asked.ipaddress):
        raise ParameterError("iptonetworklist can't be specified along with networkids or ipaddress")
    if asked.iptonetworklist:
        return await networks_by_uuid(call, asked.iptonetworklist)
    if asked.networkids:
        networks = await call.cloud.part(Networks).many(asked.networkids)
        wanted = [WantedNic(networks[network_id]) for network_id in asked.networkids]
    elif asked.nicnetworklist:
        ordered = sorted(
            asked.nicnetworklist, key=lambda e: int(e.get("nic") or 0) if e.get("nic", "").isdigit() else 0
        )
        wanted = await networks_by_uuid(call, ordered)
    else:
        wanted = await default_networks(call, owner, zone)
    wanted[0].ip = asked.ipaddress or wanted[0].ip
    wanted[0].mac = asked.macaddress or wanted[0].mac
    return wanted
