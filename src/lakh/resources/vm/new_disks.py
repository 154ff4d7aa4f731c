"""The volumes of a VM that does not exist yet: its root disk, and a data disk for each disk offering."""

from __future__ import annotations

from typing import NamedTuple

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import VmRow
from lakh.resources.volume.row import VolumeRow

GIB = 1 << 30
DEVICES = 64
"""Disks of a VM at most."""


class DataDisk(NamedTuple):
    """A data disk as asked for; `size_gib` for customized offerings."""

    offering: DiskOfferingRow
    size_gib: int | None
    device_id: int


def root_disk_bytes(
    offering: ServiceOfferingRow, template: TemplateRow, given_gib: int | None, override: DiskOfferingRow | None = None
) -> int:
    """The size of a root disk: the one given, else the offering's, else the template's. Raises ParameterError."""
    if given_gib is None:
        wanted = (override.disk_bytes if override is not None else 0) or offering.root_disk_bytes
        return max(wanted, template.size_bytes)
    if given_gib < 1:
        raise ParameterError("Root disk size should be a positive number of GiB: rootdisksize must be 1 or more")
    if given_gib * GIB < template.size_bytes:
        raise ParameterError(
            f"rootdisksize {given_gib} GiB is smaller than the template's size of {template.size_bytes} bytes"
        )
    return given_gib * GIB


def data_disk_bytes(cloud: Cloud, disk: DataDisk) -> int:
    """The size of a data disk. Raises ParameterError for one that the offering or the settings do not allow."""
    if not disk.offering.is_customized:
        return disk.offering.disk_bytes
    settings = cloud.part(Settings)
    low, high = settings.integer("custom.diskoffering.size.min"), settings.integer("custom.diskoffering.size.max")
    if disk.size_gib is None or not low <= disk.size_gib <= high:
        raise ParameterError(
            f"size: disk offering {disk.offering.name} is customized; give the size of the disk, from {low} to"
            f" {high} GiB"
        )
    return disk.size_gib * GIB


def new_volume(
    cloud: Cloud,
    vm: VmRow,
    device_id: int,
    size_bytes: int,
    offering: DiskOfferingRow | None,
    *,
    template_id: int | None = None,
) -> VolumeRow:
    """A volume of the VM that is not on any pool yet; device 0 is the root disk."""
    now_ms, volume_id = cloud.now_ms(), cloud.id("volume")
    is_root = device_id == 0
    return VolumeRow(
        id=volume_id,
        uuid=cloud.uuid(),
        name=f"ROOT-{vm.id}" if is_root else f"DATA-{vm.id}",
        type="ROOT" if is_root else "DATADISK",
        state="Allocated",
        account_id=vm.account_id,
        domain_id=vm.domain_id,
        zone_id=vm.zone_id,
        pool_id=None,
        last_pool_id=None,
        vm_id=vm.id,
        device_id=device_id,
        template_id=template_id,
        disk_offering_id=offering.id if offering is not None else None,
        size_bytes=size_bytes,
        min_iops=offering.min_iops if offering is not None else None,
        max_iops=offering.max_iops if offering is not None else None,
        provisioning_type=(offering.provisioning_type if offering is not None else None) or "thin",
        format="QCOW2",
        path=None,
        chain_info=None,
        display_volume=True,
        recreatable=False,
        attached_ms=now_ms,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
