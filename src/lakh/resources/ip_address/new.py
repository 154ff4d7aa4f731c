"""The row of a public address that is being taken, for whomever."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.vlan.row import VlanRangeRow


def new_ip_address(
    cloud: Cloud,
    address: str,
    within: VlanRangeRow,
    owner: tuple[int, int],
    network_id: int,
    *,
    system_vm_id: int | None = None,
    is_source_nat: bool = False,
    state: str = "Allocated",
) -> IpAddressRow:
    """An address of a range, in use by a network of `owner` (account id, domain id), or by a system VM of its own."""
    return IpAddressRow(
        id=cloud.id("ip_address"),
        uuid=cloud.uuid(),
        address=address,
        zone_id=within.zone_id,
        range_id=within.id,
        physical_network_id=within.physical_network_id,
        account_id=owner[0],
        domain_id=owner[1],
        network_id=network_id,
        vm_id=system_vm_id,
        is_source_nat=is_source_nat,
        is_static_nat=False,
        is_system=system_vm_id is not None,
        state=state,
        allocated_ms=cloud.now_ms(),
    )
