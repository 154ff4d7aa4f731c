"""How many CPUs, of which speed, with how much memory: the offering's, or for a custom one what `details` say."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from lakh.base.errors import ParameterError
from lakh.resources.service_offering.row import ServiceOfferingRow

_BOUNDS = {"cpuNumber": ("mincpunumber", "maxcpunumber"), "memory": ("minmemory", "maxmemory")}
MOST = (1 << 31) - 1


class Size(NamedTuple):
    """What a VM takes of a host."""

    cpus: int
    speed_mhz: int
    memory_mb: int


def size_of(offering: ServiceOfferingRow, details: dict[str, str], current: Size | None = None) -> Size:
    """The size of a VM of that offering. `current` fills in what a custom one is not told, when a VM is resized.

    Raises ParameterError that names the detail and what would be right.
    """
    bounds = msgspec.json.decode(offering.details_json or "{}", type=dict[str, str])
    return Size(
        _one("cpuNumber", offering.cpus, details, bounds, current.cpus if current else None),
        _one("cpuSpeed", offering.speed_mhz, details, bounds, current.speed_mhz if current else None),
        _one("memory", offering.memory_mb, details, bounds, current.memory_mb if current else None),
    )


def _one(name: str, fixed: int | None, details: dict[str, str], bounds: dict[str, str], current: int | None) -> int:
    if fixed is not None:
        return fixed
    low_name, high_name = _BOUNDS.get(name, ("", ""))
    low, high = int(bounds.get(low_name) or 1), int(bounds.get(high_name) or MOST)
    given = details.get(name)
    if given is None and current is not None and low <= current <= high:
        return current
    if given is None or not (given.isascii() and given.isdigit()) or not low <= int(given) <= high:
        raise ParameterError(f"Invalid {name} value, specify a value between {low} and {high} in details")
    return int(given)
