"""User VMs as the API shows them: one batched read per related table for a whole page, names from memory."""

from __future__ import annotations

from typing import Annotated

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, admin_only, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.command import Caller
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.host.index import HostIndex
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.nic.row import NicRow
from lakh.resources.nic.view import NicView, nic_view
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.transfer import os_type_name
from lakh.resources.volume.row import OF_VMS as VOLUMES_OF_VMS
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow


class UserVmView(View, kw_only=True):
    """A user VM. `hostid`, `hostname`, `instancename` and `displayvm` are for root admins only."""

    id: str
    name: str
    displayname: str | None = None
    account: str
    userid: str | None = None
    username: str | None = None
    domainid: str
    domain: str
    domainpath: str | None = None
    created: ApiDate
    lastupdated: ApiDate | None = None
    state: str
    haenable: bool
    groupid: str | None = None
    group: str | None = None
    zoneid: str
    zonename: str
    hostid: str | None = None
    hostname: str | None = None
    hostcontrolstate: str | None = None
    templateid: str | None = None
    templatename: str | None = None
    templatedisplaytext: str | None = None
    templatetype: str | None = None
    templateformat: str | None = None
    passwordenabled: bool
    serviceofferingid: str
    serviceofferingname: str
    diskofferingid: str | None = None
    diskofferingname: str | None = None
    cpunumber: Integer
    cpuspeed: Integer
    memory: Integer
    cpuused: str | None = None
    guestosid: str | None = None
    rootdeviceid: int | None = None
    rootdevicetype: str | None = None
    securitygroup: Annotated[list[str], as_set]
    password: str | None = None
    nic: Annotated[list[NicView], as_set]
    hypervisor: str
    arch: str
    ipaddress: str | None = None
    instancename: str | None = None
    tags: Annotated[list[str], as_set]
    details: dict[str, str]
    affinitygroup: Annotated[list[str], as_set]
    displayvm: Annotated[bool | None, admin_only] = None
    isdynamicallyscalable: bool
    ostypeid: str | None = None
    osdisplayname: str | None = None
    pooltype: str | None = None
    keypairs: str | None = None
    userdata: str | None = None
    vmtype: str | None = None
    deleteprotection: bool = False

    OBJECT = "virtualmachine"


async def user_vm_views(cloud: Cloud, vms: list[VmRow], caller: Caller) -> list[UserVmView]:
    """The views of a page of VMs, in order."""
    ids = [vm.id for vm in vms]
    nics: dict[int, list[NicRow]] = {}
    for nic in await cloud.store.rows(NICS_OF_VMS, ids):
        nics.setdefault(nic.vm_id, []).append(nic)
    network_ids = sorted({n.network_id for of_vm in nics.values() for n in of_vm})
    networks = await cloud.part(Networks).many(network_ids)
    volumes: dict[int, list[VolumeRow]] = {}
    for volume in await cloud.store.rows(VOLUMES_OF_VMS, ids):
        if volume.vm_id is not None:
            volumes.setdefault(volume.vm_id, []).append(volume)
    names = cloud.part(AccountNames)
    await names.know({vm.account_id for vm in vms}, {vm.user_id for vm in vms})
    admin = caller.is_root_admin
    found: list[UserVmView] = []
    for vm in vms:
        view = await _view(cloud, vm, names, volumes.get(vm.id, []), admin)
        view.nic = [nic_view(n, networks[n.network_id], admin=admin) for n in nics.get(vm.id, [])]
        view.ipaddress = next((n.ipaddress for n in view.nic if n.isdefault), None)
        found.append(view)
    return found


async def _view(cloud: Cloud, vm: VmRow, names: AccountNames, volumes: list[VolumeRow], admin: bool) -> UserVmView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
    owner = names.account(vm.account_id)
    user = names.user(vm.user_id)
    view = UserVmView(
        id=vm.uuid,
        name=vm.name,
        displayname=vm.display_name or vm.name,
        account=owner.name,
        userid=user.uuid,
        username=user.name,
        domainid=owner.domain_uuid,
        domain=owner.domain_name,
        domainpath=owner.domain_path,
        created=api_date(vm.created_ms),
        lastupdated=api_date(vm.updated_ms),
        state=vm.state,
        haenable=vm.ha_enabled,
        group=vm.group_name,
        zoneid=zone.uuid,
        zonename=zone.name,
        passwordenabled=bool(template and template.password_enabled),
        serviceofferingid=offering.uuid,
        serviceofferingname=offering.name,
        cpunumber=vm.cpus,
        cpuspeed=vm.speed_mhz,
        memory=vm.memory_mb,
        securitygroup=[],
        nic=[],
        hypervisor=vm.hypervisor,
        arch=vm.arch,
        tags=[],
        details=msgspec.json.decode(vm.details_json, type=dict[str, str]),
        affinitygroup=[],
        isdynamicallyscalable=vm.dynamic_scaling,
        osdisplayname=os_type_name(vm.os_type_id),
        keypairs=vm.key_pairs,
        userdata=vm.user_data,
        vmtype=vm.type,
    )
    if template is not None:
        view.templateid, view.templatename = template.uuid, template.name
        view.templatedisplaytext = template.display_text
        view.templatetype, view.templateformat = template.type, template.format
    _add_disks(view, volumes, {d.id: d for d in await cloud.snapshots.of(DiskOfferingRow)})
    if admin:
        view.instancename = vm.instance_name
        view.displayvm = vm.display_vm
        host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
        if host is not None:
            view.hostid, view.hostname = host.uuid, host.name
            view.hostcontrolstate = host.resource_state if host.status == "Up" else "Offline"
    return view


def _add_disks(view: UserVmView, volumes: list[VolumeRow], offerings: dict[int, DiskOfferingRow]) -> None:
    for volume in volumes:
        if volume.type == "ROOT":
            view.rootdeviceid = volume.device_id
            view.rootdevicetype = volume.type
        elif volume.disk_offering_id in offerings and view.diskofferingid is None:
            offering = offerings[volume.disk_offering_id]
            view.diskofferingid, view.diskofferingname = offering.uuid, offering.name
