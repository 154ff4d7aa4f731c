"""The row of a VM of any kind as it begins: Stopped, on no host, what its template and offering make it."""

from __future__ import annotations

from typing import NamedTuple

from lakh.jobs.cloud import Cloud
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import VmRow
from lakh.resources.vm.sizing import Size


class VmOwner(NamedTuple):
    """Whose it is, and who made it."""

    account_id: int
    domain_id: int
    user_id: int


class VmNames(NamedTuple):
    """`id` is the row's, drawn before, since an instance name holds it."""

    id: int
    uuid: str
    name: str
    instance_name: str


def new_vm(
    cloud: Cloud,
    kind: str,
    names: VmNames,
    owner: VmOwner,
    zone_id: int,
    template: TemplateRow,
    offering: ServiceOfferingRow,
    size: Size,
    vnc_password: str,
) -> VmRow:
    """`kind` is its type. What more was asked for, the caller replaces."""
    now_ms = cloud.now_ms()
    return VmRow(
        id=names.id,
        uuid=names.uuid,
        name=names.name,
        display_name=None,
        instance_name=names.instance_name,
        type=kind,
        state="Stopped",
        account_id=owner.account_id,
        domain_id=owner.domain_id,
        user_id=owner.user_id,
        zone_id=zone_id,
        pod_id=None,
        host_id=None,
        last_host_id=None,
        template_id=template.id,
        iso_id=None,
        os_type_id=template.os_type_id,
        service_offering_id=offering.id,
        network_id=None,
        hypervisor=template.hypervisor,
        arch=template.arch,
        cpus=size.cpus,
        speed_mhz=size.speed_mhz,
        memory_mb=size.memory_mb,
        ha_enabled=offering.ha_enabled,
        limit_cpu_use=offering.limit_cpu_use,
        dynamic_scaling=False,
        display_vm=True,
        group_id=None,
        user_data=None,
        key_pairs=None,
        public_keys=None,
        password=None,
        vnc_password=vnc_password,
        details_json="{}",
        extra_json="{}",
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def user_instance_name(account_id: int, vm_id: int, suffix: str) -> str:
    """What hosts call a user's VM; `suffix` is setting instance.name."""
    return f"i-{account_id}-{vm_id}-{suffix or 'VM'}"
