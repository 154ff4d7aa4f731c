"""Public addresses as the API shows them."""

from __future__ import annotations

from typing import Annotated

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, admin_only
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.network.cached import Networks
from lakh.resources.network.system import system_network
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.zone.row import ZoneRow


class IpAddressView(View, kw_only=True):
    id: str | None = None
    ipaddress: str | None = None
    allocated: ApiDate | None = None
    zoneid: str | None = None
    zonename: str | None = None
    issourcenat: bool | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    forvirtualnetwork: bool | None = None
    vlanid: str | None = None
    vlanname: str | None = None
    isstaticnat: bool | None = None
    issystem: bool | None = None
    associatednetworkid: str | None = None
    associatednetworkname: str | None = None
    networkid: str | None = None
    state: str | None = None
    physicalnetworkid: str | None = None
    purpose: str | None = None
    isportable: bool | None = None
    fordisplay: Annotated[bool | None, admin_only] = None
    forsystemvms: bool | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None
    tags: list[View] | None = None

    OBJECT = "ipaddress"


async def ip_address_views(cloud: Cloud, rows: list[IpAddressRow]) -> list[IpAddressView]:
    """The views of taken addresses, in order."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    networks = await cloud.part(Networks).many({row.network_id for row in rows if row.network_id is not None})
    found: list[IpAddressView] = []
    for row in rows:
        within = (await cloud.snapshots.of(VlanRangeRow)).by_id[row.range_id]
        view = await _common(cloud, within, row.uuid, row.address, row.state)
        owner = names.account(row.account_id)
        view.allocated = api_date(row.allocated_ms)
        view.account, view.domainid, view.domain = owner.name, owner.domain_uuid, owner.domain_name
        view.domainpath = owner.domain_path
        view.issourcenat, view.isstaticnat, view.issystem = row.is_source_nat, row.is_static_nat, row.is_system
        network = networks.get(row.network_id or 0)
        if network is not None and network.traffic_type == "Guest":
            view.associatednetworkid, view.associatednetworkname = network.uuid, network.name
        found.append(view)
    return found


async def free_view(cloud: Cloud, within: VlanRangeRow, uuid: str, address: str) -> IpAddressView:
    """The view of an address that nobody has."""
    return await _common(cloud, within, uuid, address, "Free")


async def _common(cloud: Cloud, within: VlanRangeRow, uuid: str, address: str, state: str) -> IpAddressView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[within.zone_id]
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id[within.physical_network_id]
    public = await system_network(cloud, zone.id, "Public") if within.network_id is None else None
    own = await cloud.part(Networks).get(within.network_id or 0) if public is None else public
    return IpAddressView(
        id=uuid,
        ipaddress=address,
        zoneid=zone.uuid,
        zonename=zone.name,
        issourcenat=False,
        forvirtualnetwork=True,
        vlanid=within.uuid,
        vlanname=within.vlan,
        isstaticnat=False,
        issystem=False,
        networkid=own.uuid if own else None,
        state=state,
        physicalnetworkid=physical.uuid,
        isportable=False,
        fordisplay=True,
        forsystemvms=within.for_system_vms,
        hasannotations=False,
        tags=[],
    )
