"""The row of a user VM's NIC, in a network and with an address of it."""

from __future__ import annotations

from lakh.jobs.cloud import Cloud
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow, mac_address


def new_guest_nic(
    cloud: Cloud,
    vm_id: int,
    network: NetworkRow,
    device_id: int,
    ip: str | None,
    created_ms: int,
    *,
    mac: str | None = None,
    is_default: bool,
) -> NicRow:
    """`ip` None: the network gives no addresses. `mac` None: one is made."""
    nic_id = cloud.id("nic")
    return NicRow(
        id=nic_id,
        uuid=cloud.uuid(),
        vm_id=vm_id,
        network_id=network.id,
        device_id=device_id,
        ip=ip,
        netmask=network.netmask,
        gateway=network.gateway,
        mac=mac or mac_address(nic_id),
        is_default=is_default,
        broadcast_uri=network.broadcast_uri,
        traffic_type="Guest",
        security_group_enabled=network.security_group_enabled,
        secondary_ips="",
        state="Reserved",
        created_ms=created_ms,
    )
