"""Networks as the API shows them; VLANs and physical networks are for root admins."""

from __future__ import annotations

from typing import Annotated

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, admin_only
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.account.row import SYSTEM_ACCOUNT
from lakh.resources.domain.tree import DomainTree
from lakh.resources.network.row import NetworkRow
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import services_of_offering
from lakh.resources.network_offering.view import service_views
from lakh.resources.network_service.view import NetworkServiceView
from lakh.resources.physical_network.row import PhysicalNetworkRow
from lakh.resources.zone.row import ZoneRow


class NetworkView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    displaytext: str | None = None
    broadcastdomaintype: str | None = None
    traffictype: str | None = None
    gateway: str | None = None
    netmask: str | None = None
    cidr: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    networkofferingid: str | None = None
    networkofferingname: str | None = None
    networkofferingdisplaytext: str | None = None
    networkofferingconservemode: bool | None = None
    networkofferingavailability: str | None = None
    issystem: bool | None = None
    state: str | None = None
    related: str | None = None
    broadcasturi: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    type: str | None = None
    vlan: str | None = None
    acltype: str | None = None
    subdomainaccess: bool | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    isdefault: bool | None = None
    networkdomain: str | None = None
    physicalnetworkid: str | None = None
    restartrequired: bool | None = None
    specifyipranges: bool | None = None
    specifyvlan: bool | None = None
    canusefordeploy: bool | None = None
    ispersistent: bool | None = None
    displaynetwork: Annotated[bool | None, admin_only] = None
    strechedl2subnet: bool | None = None
    egressdefaultpolicy: bool | None = None
    redundantrouter: bool | None = None
    supportsvmautoscaling: bool | None = None
    created: ApiDate | None = None
    receivedbytes: int | None = None
    sentbytes: int | None = None
    internetprotocol: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None
    service: list[NetworkServiceView] | None = None
    tags: list[View] | None = None

    OBJECT = "network"


async def network_views(cloud: Cloud, rows: list[NetworkRow], *, admin: bool) -> list[NetworkView]:
    """The views of a page of networks, in order. `admin`: the caller is a root admin."""
    names = cloud.part(AccountNames)
    await names.know({row.account_id for row in rows}, set())
    return [await _view(cloud, row, names, admin) for row in rows]


async def _view(cloud: Cloud, row: NetworkRow, names: AccountNames, admin: bool) -> NetworkView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[row.zone_id]
    offering = (await cloud.snapshots.of(NetworkOfferingRow)).by_id[row.offering_id]
    view = NetworkView(
        id=row.uuid,
        name=row.name,
        displaytext=row.display_text,
        broadcastdomaintype=row.broadcast_domain_type,
        traffictype=row.traffic_type,
        gateway=row.gateway,
        netmask=row.netmask,
        cidr=row.cidr,
        zoneid=zone.uuid,
        zonename=zone.name,
        networkofferingid=offering.uuid,
        networkofferingname=offering.name,
        networkofferingdisplaytext=offering.display_text,
        networkofferingconservemode=offering.conserve_mode,
        networkofferingavailability=offering.availability,
        issystem=row.is_system,
        state=row.state,
        related=row.uuid,
        dns1=row.dns1 or zone.dns1,
        dns2=row.dns2 or zone.dns2,
        type=row.guest_type,
        acltype=row.acl_type,
        isdefault=False,
        networkdomain=row.network_domain,
        restartrequired=row.restart_required,
        specifyipranges=row.specify_ip_ranges,
        specifyvlan=offering.specify_vlan,
        canusefordeploy=row.traffic_type == "Guest" and row.state != "Destroy",
        ispersistent=offering.is_persistent,
        strechedl2subnet=False,
        egressdefaultpolicy=offering.egress_default_policy,
        redundantrouter=offering.redundant_router,
        supportsvmautoscaling="Lb" in services_of_offering(offering),
        created=api_date(row.created_ms),
        receivedbytes=0,
        sentbytes=0,
        internetprotocol="IPv4" if row.guest_type in ("Isolated", "Shared") else None,
        hasannotations=False,
        service=service_views(offering),
        tags=[],
    )
    await _add_owner(cloud, view, row, names)
    if admin:
        await _add_wires(cloud, view, row)
    return view


async def _add_owner(cloud: Cloud, view: NetworkView, row: NetworkRow, names: AccountNames) -> None:
    """The account, or for a network shared with a domain that domain alone."""
    if row.acl_type == "Domain" or row.account_id == SYSTEM_ACCOUNT:
        tree = await cloud.part(DomainTree).current()
        view.domainid, view.domain = tree.rows[row.domain_id].uuid, tree.rows[row.domain_id].name
        view.domainpath = tree.name_path(row.domain_id)
        view.subdomainaccess = row.subdomain_access if row.acl_type == "Domain" else None
        return
    owner = names.account(row.account_id)
    view.account, view.domainid, view.domain = owner.name, owner.domain_uuid, owner.domain_name
    view.domainpath = owner.domain_path


async def _add_wires(cloud: Cloud, view: NetworkView, row: NetworkRow) -> None:
    physical = (await cloud.snapshots.of(PhysicalNetworkRow)).by_id.get(row.physical_network_id or 0)
    view.physicalnetworkid = physical.uuid if physical else None
    view.broadcasturi = row.broadcast_uri
    view.vlan = row.broadcast_uri.partition("://")[2] if row.broadcast_uri else None
    view.displaynetwork = row.display_network
