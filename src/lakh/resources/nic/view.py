"""NICs as the API shows them."""

from __future__ import annotations

from lakh.contract.view import Integer, View
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import NicRow


class NicView(View, kw_only=True):
    """One NIC of a VM."""

    id: str
    networkid: str
    networkname: str | None = None
    netmask: str | None = None
    gateway: str | None = None
    ipaddress: str | None = None
    isolationuri: str | None = None
    broadcasturi: str | None = None
    traffictype: str
    type: str | None = None
    isdefault: bool
    macaddress: str
    secondaryip: list[str]
    extradhcpoption: list[str]
    deviceid: str
    virtualmachineid: str | None = None
    vlanid: Integer | None = None
    enabled: bool

    OBJECT = "nic"


def nic_view(nic: NicRow, network: NetworkRow, vm_uuid: str | None = None, *, admin: bool = False) -> NicView:
    """The view of one NIC; isolation and broadcast URIs only for admins."""
    return NicView(
        id=nic.uuid,
        networkid=network.uuid,
        networkname=network.name,
        netmask=nic.netmask,
        gateway=nic.gateway,
        ipaddress=nic.ip,
        isolationuri=nic.broadcast_uri if admin else None,
        broadcasturi=nic.broadcast_uri if admin else None,
        traffictype=nic.traffic_type,
        type=network.guest_type,
        isdefault=nic.is_default,
        macaddress=nic.mac,
        secondaryip=[],
        extradhcpoption=[],
        deviceid=str(nic.device_id),
        virtualmachineid=vm_uuid,
        enabled=True,
    )
