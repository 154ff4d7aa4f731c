"""The catalogue's rows of a fresh store: roles, guest OS types, hypervisor capabilities, offerings.

Their ids are fixed, from 1 up in each table: clients and documents know some of them by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from lakh.catalogue import guest_os, hypervisors, offerings, storage
from lakh.catalogue.roles import default_roles, rules
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.disk_offering.row import INSERT as INSERT_DISK_OFFERING
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.guest_os.row import INSERT as INSERT_GUEST_OS
from lakh.resources.guest_os.row import (
    INSERT_CATEGORY,
    INSERT_MAPPING,
    GuestOsCategoryRow,
    GuestOsMappingRow,
    GuestOsRow,
)
from lakh.resources.hypervisor.row import INSERT as INSERT_CAPABILITY
from lakh.resources.hypervisor.row import HypervisorCapabilityRow
from lakh.resources.network_offering.row import INSERT as INSERT_NETWORK_OFFERING
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.role.row import INSERT as INSERT_ROLE
from lakh.resources.role.row import INSERT_PERMISSION, RolePermissionRow, RoleRow
from lakh.resources.service_offering.row import INSERT as INSERT_SERVICE_OFFERING
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import INSERT as INSERT_TEMPLATE
from lakh.resources.template.row import TemplateRow
from lakh.store.statement import Statement
from lakh.store.table import Row

GIB = 1 << 30
SYSTEM_TEMPLATE_BYTES = 5 * GIB  # until a secondary storage VM has told its real size (addendum 4.3)

Uuids = Callable[[], str]
First = tuple[Statement, Row]


def first_rows(uuid: Uuids, now_ms: int) -> Iterator[First]:
    """Every row with the statement that inserts it."""
    yield from _roles(uuid, now_ms)
    yield from _guest_os(uuid, now_ms)
    yield from _hypervisors(uuid)
    yield from _service_offerings(uuid, now_ms)
    yield from _disk_offerings(uuid, now_ms)
    yield from _network_offerings(uuid, now_ms)
    yield from _templates(uuid, now_ms)


def _roles(uuid: Uuids, now_ms: int) -> Iterator[First]:
    permission_id = 0
    for role in default_roles():
        yield (
            INSERT_ROLE,
            RoleRow(
                id=role.id,
                uuid=uuid(),
                name=role.name,
                type=role.type,
                description=role.description or None,
                is_default=True,
                is_public=True,
                state="enabled",
                created_ms=now_ms,
            ),
        )
        for order, rule in enumerate(rules(role.id)):
            permission_id += 1
            row = RolePermissionRow(permission_id, uuid(), role.id, rule.rule, rule.permission, None, order)
            yield INSERT_PERMISSION, row


def _guest_os(uuid: Uuids, now_ms: int) -> Iterator[First]:
    categories = {}
    for category in guest_os.os_categories():
        categories[category.name] = category.id
        row = GuestOsCategoryRow(category.id, uuid(), category.name, category.featured, category.sortkey, now_ms)
        yield INSERT_CATEGORY, row
    types: dict[str, int] = {}
    for kind in guest_os.os_types():
        types.setdefault(kind.name, kind.id)
        category_id = categories[kind.category]
        yield INSERT_GUEST_OS, GuestOsRow(kind.id, uuid(), category_id, kind.name, not kind.hidden, False, now_ms)
    for number, mapping in enumerate(guest_os.os_mappings(), 1):
        yield (
            INSERT_MAPPING,
            GuestOsMappingRow(
                id=number,
                uuid=uuid(),
                guest_os_id=types[mapping.ostype],
                hypervisor=mapping.hypervisor,
                hypervisor_version=mapping.version,
                os_name=mapping.osname,
                is_user_defined=False,
                created_ms=now_ms,
            ),
        )


def _hypervisors(uuid: Uuids) -> Iterator[First]:
    for number, found in enumerate(hypervisors.capabilities(), 1):
        yield (
            INSERT_CAPABILITY,
            HypervisorCapabilityRow(
                id=number,
                uuid=uuid(),
                hypervisor=found.hypervisor,
                hypervisor_version=found.version,
                max_guests=found.maxguestslimit,
                max_data_volumes=found.maxdatavolumeslimit,
                max_hosts_per_cluster=found.maxhostspercluster,
                security_group_enabled=found.securitygroupenabled,
                storage_motion_enabled=found.storagemotionenabled,
                vm_snapshot_enabled=found.vmsnapshotenabled,
            ),
        )


def _service_offerings(uuid: Uuids, now_ms: int) -> Iterator[First]:
    for number, offering in enumerate(offerings.service_offerings(), 1):
        yield (
            INSERT_SERVICE_OFFERING,
            ServiceOfferingRow(
                id=number,
                uuid=uuid(),
                name=offering.name,
                unique_name=offering.uniquename,
                display_text=offering.name,
                cpus=offering.cpunumber,
                speed_mhz=offering.cpuspeed,
                memory_mb=offering.memory,
                ha_enabled=offering.offerha,
                limit_cpu_use=offering.limitcpuuse,
                is_volatile=False,
                is_system=offering.issystem,
                system_vm_type=offering.systemvmtype,
                default_use=offering.defaultuse,
                is_customized=False,
                dynamic_scaling=False,
                host_tag=None,
                storage_tags=None,
                storage_type=offering.storagetype,
                provisioning_type=offering.provisioningtype,
                cache_mode="none",
                root_disk_bytes=0,
                network_rate_mbps=offering.networkrate,
                deployment_planner=None,
                domain_ids="",
                zone_ids="",
                disk_offering_id=_first_own_disk() + number,
                disk_offering_strictness=False,
                details_json="{}",
                state=offering.state,
                sort_key=0,
                created_ms=now_ms,
            ),
        )


def _first_own_disk() -> int:
    """Service offerings' own disk offerings follow those that users choose."""
    return len(offerings.disk_offerings())


def _disk_offerings(uuid: Uuids, now_ms: int) -> Iterator[First]:
    for number, offering in enumerate(offerings.disk_offerings(), 1):
        size = offering.disksize * GIB
        row = _disk_offering(number, uuid(), now_ms, offering, disk_bytes=size, is_customized=offering.iscustomized)
        yield INSERT_DISK_OFFERING, row
    for number, compute in enumerate(offerings.service_offerings(), 1):
        row = _disk_offering(_first_own_disk() + number, uuid(), now_ms, compute, compute_only=True)
        yield INSERT_DISK_OFFERING, row


def _disk_offering(
    row_id: int,
    uuid: str,
    now_ms: int,
    offering: offerings.DiskOffering | offerings.ServiceOffering,
    *,
    disk_bytes: int = 0,
    is_customized: bool = False,
    compute_only: bool = False,
) -> DiskOfferingRow:
    return DiskOfferingRow(
        id=row_id,
        uuid=uuid,
        name=offering.name,
        unique_name=offering.uniquename,
        display_text=offering.name,
        disk_bytes=disk_bytes,
        is_customized=is_customized,
        tags=None,
        storage_type=offering.storagetype,
        provisioning_type=offering.provisioningtype,
        cache_mode="none",
        compute_only=compute_only,
        disk_size_strictness=False,
        encrypt=False,
        min_iops=None,
        max_iops=None,
        custom_iops=False,
        rates_json="{}",
        domain_ids="",
        zone_ids="",
        display_offering=True,
        details_json="{}",
        state=offering.state,
        sort_key=0,
        created_ms=now_ms,
    )


def _network_offerings(uuid: Uuids, now_ms: int) -> Iterator[First]:
    for number, offering in enumerate(offerings.network_offerings(), 1):
        yield (
            INSERT_NETWORK_OFFERING,
            NetworkOfferingRow(
                id=number,
                uuid=uuid(),
                name=offering.name,
                unique_name=offering.name,
                display_text=offering.name,
                traffic_type=offering.traffictype,
                guest_type=offering.guestiptype,
                state=offering.state,
                availability=offering.availability,
                is_default=offering.isdefault,
                is_system=offering.issystem,
                specify_vlan=offering.specifyvlan,
                specify_ip_ranges=offering.specifyipranges,
                is_persistent=offering.ispersistent,
                conserve_mode=offering.conservemode,
                for_vpc=offering.forvpc,
                egress_default_policy=offering.egressdefaultpolicy,
                redundant_router=offering.redundantrouter,
                network_rate_mbps=offering.networkrate,
                max_connections=offering.concurrentconnections,
                services_json=_json(offering.services),
                capabilities_json=_json(_capabilities(offering)),
                service_offering_id=None,
                domain_ids="",
                zone_ids="",
                details_json=_json(_details(offering)),
                sort_key=0,
                created_ms=now_ms,
            ),
        )


def _templates(uuid: Uuids, now_ms: int) -> Iterator[First]:
    """Those of KVM: the system VM template, and one for users that has no place to be downloaded from any more."""
    os_types = {kind.name: kind.id for kind in reversed(guest_os.os_types())}
    for template in storage.templates():
        if template.hypervisor != "KVM":
            continue
        yield (
            INSERT_TEMPLATE,
            TemplateRow(
                id=template.id,
                uuid=uuid(),
                unique_name=template.uniquename,
                name=template.name,
                display_text=template.name,
                type=template.type,
                format=template.format,
                hypervisor=template.hypervisor,
                os_type_id=os_types[template.ostype],
                account_id=SYSTEM_ACCOUNT,
                domain_id=ROOT_DOMAIN,
                zone_id=None,
                url=None,
                checksum=None,
                size_bytes=SYSTEM_TEMPLATE_BYTES if template.type == "SYSTEM" else 0,
                is_public=template.ispublic,
                is_featured=template.isfeatured,
                is_extractable=template.isextractable,
                is_bootable=True,
                password_enabled=template.passwordenabled,
                sshkey_enabled=False,
                dynamically_scalable=False,
                direct_download=False,
                requires_hvm=template.hvm,
                bits=template.bits,
                arch=template.arch,
                tag=None,
                source_template_id=None,
                details_json="{}",
                sort_key=0,
                state=template.state,
                created_ms=now_ms,
                cross_zones=template.crosszones,
            ),
        )


def _capabilities(offering: offerings.NetworkOffering) -> dict[str, dict[str, str]]:
    """What the offering chooses of each service's capabilities, as its answer shows them."""
    chosen: dict[str, dict[str, str]] = {}
    if "Lb" in offering.services:
        chosen["Lb"] = {
            "SupportedLBIsolation": "dedicated" if offering.dedicatedlb else "shared",
            "ElasticLb": _flag(offering.elasticlb),
            "LbSchemes": ",".join(kind.capitalize() for kind in offering.lbtypes),
            "VmAutoScaling": _flag(offering.supportsvmautoscaling),
        }
    if "SourceNat" in offering.services:
        chosen["SourceNat"] = {
            "SupportedSourceNatTypes": offering.sourcenattype or "peraccount",
            "RedundantRouter": _flag(offering.redundantrouter),
        }
    if "StaticNat" in offering.services:
        chosen["StaticNat"] = {
            "ElasticIp": _flag(offering.elasticip),
            "AssociatePublicIP": _flag(offering.associatepublicip),
        }
    return chosen


def _details(offering: offerings.NetworkOffering) -> dict[str, str]:
    """Flags without a column of their own, where they are set."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name in ("networkmode", "keepalive", "stretchedl2", "publicaccess", "internal_lb", "public_lb")
        if (value := getattr(offering, name))
    }


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
