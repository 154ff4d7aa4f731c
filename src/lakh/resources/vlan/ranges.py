"""New VLAN IP ranges: what makes one valid beside those that are there already."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.base.errors import ParameterError
from lakh.jobs.cloud import Cloud
from lakh.resources.addressing import check_range, subnet_of
from lakh.resources.physical_network.vlans import MAX_VLAN
from lakh.resources.vlan.known import KnownRanges
from lakh.resources.vlan.row import UNTAGGED, VlanRangeRow


def vlan_uri(text: str | None, *, scheme: str = "vlan") -> str:
    """`123`, `vlan://123` or `untagged` as a URI; none is untagged. Raises ParameterError."""
    bare = (text or "").lower().removeprefix(f"{scheme}://").removeprefix("vlan://")
    if bare in ("", "untagged"):
        return UNTAGGED
    if not bare.isdigit() or (scheme == "vlan" and int(bare) > MAX_VLAN):
        raise ParameterError(f"Invalid parameter vlan {text}: give untagged or an id up to {MAX_VLAN}")
    return f"{scheme}://{int(bare)}"


async def check_new_range(cloud: Cloud, row: VlanRangeRow) -> None:
    """Raises ParameterError for a range outside its subnet, or one that overlaps another of the zone and VLAN."""
    subnet = subnet_of(row.gateway, row.netmask)
    check_range(subnet, row.gateway, row.start_ip, row.end_ip)
    first, last = IPv4Address(row.start_ip), IPv4Address(row.end_ip)
    for other in await cloud.part(KnownRanges).beside(row):
        if first <= IPv4Address(other.end_ip) and IPv4Address(other.start_ip) <= last:
            raise ParameterError(
                f"The IP range {row.start_ip}-{row.end_ip} overlaps {other.start_ip}-{other.end_ip} ({other.vlan})"
            )
        same_subnet = subnet_of(other.gateway, other.netmask) == subnet
        if same_subnet and other.vlan == row.vlan and other.gateway != row.gateway:
            raise ParameterError(f"The subnet {subnet} already has gateway {other.gateway} on VLAN {other.vlan}")
