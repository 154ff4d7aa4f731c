"""Filling user VMs' answers: one batched read per related table for a whole page, names from memory.

`details` says which related tables are read at all (api-conventions, section 9): a page of `min` is the VMs' own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from lakh.base.clock import api_date
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.affinity_group.view import AffinityGroupView, groups_of_vms
from lakh.resources.command import Caller
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.guest_os.row import GuestOsRow
from lakh.resources.host.index import HostIndex
from lakh.resources.instance_group.row import BY_IDS as GROUPS_BY_IDS
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.nic.row import NicRow
from lakh.resources.nic.view import NicView, nic_view
from lakh.resources.security_group.view import SecurityGroupView
from lakh.resources.security_group.view import groups_of_vms as security_groups_of_vms
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.storage_pool.row import StoragePoolRow
from lakh.resources.tag.view import TagView, tags_of
from lakh.resources.template.row import TemplateRow
from lakh.resources.user_data.row import BY_IDS as USER_DATA_BY_IDS
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.view import UserVmView
from lakh.resources.volume.row import OF_VMS as VOLUMES_OF_VMS
from lakh.resources.volume.row import VolumeRow
from lakh.resources.zone.row import ZoneRow

LEVELS = (
    "all", "group", "nics", "stats", "secgrp", "tmpl", "servoff", "diskoff", "backoff", "iso", "volume", "min",
    "affgrp", "vnfnics",
)  # fmt: skip
"""The values of `details`."""

TAGGED_AS = "UserVm"

ALL = frozenset(("all",))
NEW = frozenset(LEVELS) - {"all", "affgrp"}
"""What a VM may have that nobody has named yet: it is in no group, and without tags."""


def levels_of(given: list[str]) -> frozenset[str]:
    """What a list reads for its `details`: everything by default; tags with all but `min`."""
    return frozenset(given if given == ["min"] else [*given, "tags"]) if given else ALL


class Known(NamedTuple):
    """The NICs and volumes of the VMs shown, as they are or will be after the commit that shows them."""

    nics: Sequence[NicRow]
    volumes: Sequence[VolumeRow]


@dataclass(slots=True)
class _Related:
    """What was read for a page, by VM id (groups and user data by their own)."""

    nics: dict[int, list[NicView]] = field(default_factory=dict)
    volumes: dict[int, list[VolumeRow]] = field(default_factory=dict)
    tags: dict[int, list[TagView]] = field(default_factory=dict)
    secured: dict[int, list[SecurityGroupView]] = field(default_factory=dict)
    affinity: dict[int, list[AffinityGroupView]] = field(default_factory=dict)
    groups: dict[int, tuple[str, str]] = field(default_factory=dict)
    user_data: dict[int, tuple[str, str]] = field(default_factory=dict)


async def user_vm_views(
    cloud: Cloud,
    vms: Sequence[VmRow],
    caller: Caller,
    details: frozenset[str] = ALL,
    *,
    user_data: bool = True,
    known: Known | None = None,
) -> list[UserVmView]:
    """The views of a page of VMs, in order. `user_data`: with the texts the VMs are started with. What is `known` of
    them is not read."""
    names = cloud.part(AccountNames)
    await names.know({vm.account_id for vm in vms}, {vm.user_id for vm in vms})
    related = await _related(cloud, vms, caller, details, known)
    jobs = cloud.worker.acting_on({vm.uuid for vm in vms})
    found: list[UserVmView] = []
    for vm in vms:
        view = await _own(cloud, vm, names)
        await _named(cloud, view, vm, details)
        _add_related(view, vm, related)
        if _wants(details, "volume", "diskoff"):
            await _disks(cloud, view, related.volumes.get(vm.id, []), details)
        if user_data:
            view.userdata = vm.user_data
        if caller.is_root_admin:
            _for_admins(cloud, view, vm)
        if (job := jobs.get(vm.uuid)) is not None:
            view.jobid, view.jobstatus = job.uuid, job.status
        found.append(view)
    return found


def _wants(details: frozenset[str], *levels: str) -> bool:
    return "all" in details or not details.isdisjoint(levels)


# --- reading ---------------------------------------------------------------------------------------------------------
async def _related(
    cloud: Cloud, vms: Sequence[VmRow], caller: Caller, details: frozenset[str], known: Known | None
) -> _Related:
    ids, found = [vm.id for vm in vms], _Related()
    if not ids:
        return found
    if _wants(details, "nics"):
        await _add_nics(cloud, known.nics if known else await cloud.store.rows(NICS_OF_VMS, ids), caller, found)
    if _wants(details, "volume", "diskoff"):
        for volume in known.volumes if known else await cloud.store.rows(VOLUMES_OF_VMS, ids):
            found.volumes.setdefault(volume.vm_id or 0, []).append(volume)
    if _wants(details, "secgrp") and await _any_secured(cloud, vms):
        found.secured = await security_groups_of_vms(cloud, ids)
    if _wants(details, "affgrp"):
        found.affinity = await groups_of_vms(cloud, ids)
    if _wants(details, "group") and (groups := sorted({vm.group_id for vm in vms if vm.group_id is not None})):
        found.groups = {g.id: (g.uuid, g.name) for g in await cloud.store.rows(GROUPS_BY_IDS, groups)}
    if texts := sorted({vm.user_data_id for vm in vms if vm.user_data_id is not None}):
        found.user_data = {u.id: (u.uuid, u.name) for u in await cloud.store.rows(USER_DATA_BY_IDS, texts)}
    if _wants(details, "tags"):
        found.tags = await tags_of(cloud, TAGGED_AS, ids)
    return found


async def _any_secured(cloud: Cloud, vms: Sequence[VmRow]) -> bool:
    """True when one of the VMs may be in a security group: only in zones that have them."""
    zones = (await cloud.snapshots.of(ZoneRow)).by_id
    return any(zones[zone_id].security_group_enabled for zone_id in {vm.zone_id for vm in vms})


async def _add_nics(cloud: Cloud, nics: Sequence[NicRow], caller: Caller, found: _Related) -> None:
    networks = await cloud.part(Networks).many({n.network_id for n in nics})
    for nic in nics:
        view = nic_view(nic, networks[nic.network_id], admin=caller.is_root_admin)
        found.nics.setdefault(nic.vm_id, []).append(view)


# --- filling ---------------------------------------------------------------------------------------------------------
async def _own(cloud: Cloud, vm: VmRow, names: AccountNames) -> UserVmView:
    """What needs no related table but names in memory."""
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    os_type = (await cloud.snapshots.of(GuestOsRow)).by_id.get(vm.os_type_id)
    owner, user = names.account(vm.account_id), names.user(vm.user_id)
    return UserVmView(
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
        zoneid=zone.uuid,
        zonename=zone.name,
        passwordenabled=bool(template and template.password_enabled),
        cpunumber=vm.cpus,
        cpuspeed=vm.speed_mhz,
        memory=vm.memory_mb,
        guestosid=os_type.uuid if os_type else None,
        securitygroup=[],
        nic=[],
        hypervisor=vm.hypervisor,
        details=msgspec.json.decode(vm.details_json, type=dict[str, str]),
        readonlydetails=cloud.part(Settings).text("user.vm.readonly.details") or None,
        keypairs=vm.key_pairs,
        affinitygroup=[],
        isdynamicallyscalable=vm.dynamic_scaling,
        deleteprotection=vm.delete_protection,
        ostypeid=os_type.uuid if os_type else None,
        osdisplayname=os_type.name if os_type else None,
        vmtype=vm.type,
        arch=vm.arch,
        tags=[],
        hasannotations=False,
    )


async def _named(cloud: Cloud, view: UserVmView, vm: VmRow, details: frozenset[str]) -> None:
    """Template, ISO and offering, from their snapshots."""
    templates = (await cloud.snapshots.of(TemplateRow)).by_id
    template = templates.get(vm.template_id)
    if template is not None and _wants(details, "tmpl"):
        view.templateid, view.templatename = template.uuid, template.name
        view.templatedisplaytext = template.display_text
        view.templatetype, view.templateformat = template.type, template.format
    iso = templates.get(vm.iso_id or 0)
    if iso is not None and _wants(details, "iso"):
        view.isoid, view.isoname, view.isodisplaytext = iso.uuid, iso.name, iso.display_text
    if _wants(details, "servoff"):
        offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id[vm.service_offering_id]
        view.serviceofferingid, view.serviceofferingname = offering.uuid, offering.name


def _add_related(view: UserVmView, vm: VmRow, related: _Related) -> None:
    view.nic = related.nics.get(vm.id, [])
    view.ipaddress = next((n.ipaddress for n in view.nic if n.isdefault), None)
    view.tags = related.tags.get(vm.id, [])
    view.securitygroup = related.secured.get(vm.id, [])
    view.affinitygroup = related.affinity.get(vm.id, [])
    if (group := related.groups.get(vm.group_id or 0)) is not None:
        view.groupid, view.group = group
    if (text := related.user_data.get(vm.user_data_id or 0)) is not None:
        view.userdataid, view.userdataname = text


async def _disks(cloud: Cloud, view: UserVmView, volumes: list[VolumeRow], details: frozenset[str]) -> None:
    offerings = (await cloud.snapshots.of(DiskOfferingRow)).by_id
    pools = (await cloud.snapshots.of(StoragePoolRow)).by_id
    for volume in volumes:
        offering = offerings.get(volume.disk_offering_id or 0)
        if volume.type == "ROOT":
            if _wants(details, "volume"):
                view.rootdeviceid, view.rootdevicetype = volume.device_id, volume.type
                pool = pools.get(volume.pool_id or 0)
                view.pooltype = pool.type if pool is not None else None
        elif offering is not None and view.diskofferingid is None and _wants(details, "diskoff"):
            view.diskofferingid, view.diskofferingname = offering.uuid, offering.name


def _for_admins(cloud: Cloud, view: UserVmView, vm: VmRow) -> None:
    view.instancename = vm.instance_name
    view.displayvm = vm.display_vm
    host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
    if host is not None:
        view.hostid, view.hostname = host.uuid, host.name
        view.hostcontrolstate = host.resource_state if host.status == "Up" else "Offline"
