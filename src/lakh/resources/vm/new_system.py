"""Rows of a new system VM of any kind (router, secondary storage, console proxy), before it first starts."""

from __future__ import annotations

from msgspec.structs import replace

from lakh.jobs.cloud import Cloud
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow, mac_address
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.user.row import SYSTEM_USER
from lakh.resources.vm.new_vm import VmNames, VmOwner, new_vm
from lakh.resources.vm.row import CONSOLE_PROXY, DOMAIN_ROUTER, SECONDARY_STORAGE, VmRow
from lakh.resources.vm.sizing import Size
from lakh.resources.volume.row import VolumeRow

LETTERS = {DOMAIN_ROUTER: "r", SECONDARY_STORAGE: "s", CONSOLE_PROXY: "v"}
"""What the names begin with: `r-<id>-VM`; host name and instance name are the same."""


def system_vm(
    cloud: Cloud,
    kind: str,
    owner: tuple[int, int],
    zone_id: int,
    template: TemplateRow,
    offering: ServiceOfferingRow,
    network_id: int | None = None,
) -> VmRow:
    """A Stopped system VM. `kind` is its type, `owner` (account id, domain id)."""
    vm_id = cloud.id("vm")
    name = f"{LETTERS[kind]}-{vm_id}-VM"
    names, whose = VmNames(vm_id, cloud.uuid(), name, name), VmOwner(*owner, SYSTEM_USER)
    size = Size(offering.cpus or 1, offering.speed_mhz or 500, offering.memory_mb or 512)
    made = new_vm(cloud, kind, names, whose, zone_id, template, offering, size, f"{cloud.random.getrandbits(96):024x}")
    return replace(made, network_id=network_id, ha_enabled=True)


def root_volume(cloud: Cloud, vm: VmRow, template: TemplateRow) -> VolumeRow:
    """The root disk of a system VM, not yet on any pool."""
    return VolumeRow(
        id=cloud.id("volume"),
        uuid=cloud.uuid(),
        name=f"ROOT-{vm.id}",
        type="ROOT",
        state="Allocated",
        account_id=vm.account_id,
        domain_id=vm.domain_id,
        zone_id=vm.zone_id,
        pool_id=None,
        last_pool_id=None,
        vm_id=vm.id,
        device_id=0,
        template_id=template.id,
        disk_offering_id=None,
        size_bytes=template.size_bytes,
        min_iops=None,
        max_iops=None,
        provisioning_type="thin",
        format=template.format,
        path=None,
        chain_info=None,
        display_volume=True,
        recreatable=True,
        attached_ms=vm.created_ms,
        created_ms=vm.created_ms,
        updated_ms=vm.created_ms,
    )


def bare_nic(cloud: Cloud, vm: VmRow, network: NetworkRow, position: int, *, is_default: bool = False) -> NicRow:
    """A NIC without address: it gets one with the host."""
    nic_id = cloud.id("nic")
    return NicRow(
        id=nic_id,
        uuid=cloud.uuid(),
        vm_id=vm.id,
        network_id=network.id,
        device_id=position,
        ip=None,
        netmask=None,
        gateway=None,
        mac=mac_address(nic_id),
        is_default=is_default,
        broadcast_uri=None,
        traffic_type=network.traffic_type,
        security_group_enabled=False,
        secondary_ips="",
        state="Allocated",
        created_ms=vm.created_ms,
    )
