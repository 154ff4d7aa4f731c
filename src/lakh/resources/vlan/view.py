"""VLAN IP ranges as the API shows them."""

from __future__ import annotations

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.addressing import subnet_of
from lakh.resources.domain.tree import DomainTree
from lakh.resources.network.row import BY_IDS as NETWORKS_BY_IDS
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.pod.row import PodRow
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.zone.row import ZoneRow


class VlanIpRangeView(View, kw_only=True):
    id: str | None = None
    forvirtualnetwork: bool | None = None
    zoneid: str | None = None
    vlan: str | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    podid: str | None = None
    podname: str | None = None
    gateway: str | None = None
    netmask: str | None = None
    cidr: str | None = None
    startip: str | None = None
    endip: str | None = None
    networkid: str | None = None
    physicalnetworkid: str | None = None
    forsystemvms: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "vlan"


async def vlan_range_views(cloud: Cloud, rows: list[VlanRangeRow]) -> list[VlanIpRangeView]:
    """The views of ranges, in order."""
    ids = sorted({row.network_id for row in rows if row.network_id is not None})
    networks = {n.id: n.uuid for n in await cloud.store.rows(NETWORKS_BY_IDS, ids)} if ids else {}
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows if row.account_id is not None}, set())
    return [await _view(cloud, row, names, networks) for row in rows]


async def _view(cloud: Cloud, row: VlanRangeRow, names: AccountNames, networks: dict[int, str]) -> VlanIpRangeView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[row.zone_id]
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id[row.physical_network_id]
    pod = (await cloud.snapshots.of(PodRow)).by_id.get(row.pod_id or 0)
    view = VlanIpRangeView(
        id=row.uuid,
        forvirtualnetwork=row.traffic_type == "Public",
        zoneid=zone.uuid,
        vlan=row.vlan,
        podid=pod.uuid if pod else None,
        podname=pod.name if pod else None,
        gateway=row.gateway,
        netmask=row.netmask,
        cidr=str(subnet_of(row.gateway, row.netmask)),
        startip=row.start_ip,
        endip=row.end_ip,
        networkid=networks.get(row.network_id or 0),
        physicalnetworkid=physical.uuid,
        forsystemvms=row.for_system_vms,
    )
    if row.account_id is not None:
        owner = names.account(row.account_id)
        view.account, view.domainid, view.domain = owner.name, owner.domain_uuid, owner.domain_name
        view.domainpath = owner.domain_path
    elif row.domain_id is not None:
        tree = await cloud.part(DomainTree).current()
        view.domainid, view.domain = tree.rows[row.domain_id].uuid, tree.rows[row.domain_id].name
        view.domainpath = tree.name_path(row.domain_id)
    return view
