"""How large a volume may be, by its offering and the settings."""

from __future__ import annotations

from typing import Final

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.disk_offering.row import DiskOfferingRow

GIB: Final = 1 << 30


def offered_bytes(cloud: Cloud, offering: DiskOfferingRow, size_gib: int | None) -> int:
    """The size of a volume of this offering. Raises ParameterError for one that does not go with it."""
    settings = cloud.part(Settings)
    if not offering.is_customized:
        if size_gib is not None:
            raise ParameterError(f"This disk offering does not allow custom size: leave size out for {offering.name}")
        return offering.disk_bytes
    if size_gib is None or size_gib < 1:
        raise ParameterError(
            f"This disk offering requires a custom size specified: give size in GiB for {offering.name}"
        )
    least = settings.integer("custom.diskoffering.size.min")
    most = settings.integer("custom.diskoffering.size.max")
    if not least <= size_gib <= most:
        raise ParameterError(f"Volume size: {size_gib} GiB is out of allowed range. Min: {least}. Max: {most}")
    return checked(cloud, size_gib)


def checked(cloud: Cloud, size_gib: int) -> int:
    """The size in bytes. Raises ParameterError above `storage.max.volume.size`."""
    most = cloud.part(Settings).integer("storage.max.volume.size")
    if size_gib < 1:
        raise ParameterError(f"Invalid size {size_gib}: give 1 GiB or more")
    if size_gib > most:
        raise ParameterError(f"Invalid size for volume creation: {size_gib} GiB, max size is: {most}")
    return size_gib * GIB


def check_offering(offering: DiskOfferingRow, zone_id: int, domain_ids: list[int], *, admin: bool) -> None:
    """Raises ParameterError for an offering that is gone, for computing alone, or not for the zone and domain."""
    if offering.removed_ms is not None or offering.state != "Active" or offering.compute_only:
        raise ParameterError(f"Please specify a valid disk offering: {offering.name} is not available")
    zones = [int(part) for part in offering.zone_ids.split(",") if part]
    domains = [int(part) for part in offering.domain_ids.split(",") if part]
    if zones and zone_id not in zones:
        raise ParameterError(f"Disk offering {offering.name} is not available in the zone of the volume")
    if domains and not admin and not set(domains) & set(domain_ids):
        raise ParameterError(f"Disk offering {offering.name} is not available to the domain of the volume's owner")
