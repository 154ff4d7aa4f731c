"""Virtual routers as the API shows them (addendum 4.4)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.account.names import AccountNames
from lakh.resources.host.index import HostIndex
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.nic.row import NicRow
from lakh.resources.nic.view import NicView, nic_view
from lakh.resources.pod.row import PodRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import VmRow
from lakh.resources.zone.row import ZoneRow


class RouterView(View, kw_only=True):
    id: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    networkdomain: str | None = None
    gateway: str | None = None
    name: str | None = None
    podid: str | None = None
    podname: str | None = None
    hostid: str | None = None
    hostname: str | None = None
    hostcontrolstate: str | None = None
    hypervisor: str | None = None
    linklocalip: str | None = None
    linklocalmacaddress: str | None = None
    linklocalnetmask: str | None = None
    linklocalnetworkid: str | None = None
    publicip: str | None = None
    publicmacaddress: str | None = None
    publicnetmask: str | None = None
    publicnetworkid: str | None = None
    guestipaddress: str | None = None
    guestmacaddress: str | None = None
    guestnetmask: str | None = None
    guestnetworkid: str | None = None
    guestnetworkname: str | None = None
    templateid: str | None = None
    templatename: str | None = None
    created: ApiDate | None = None
    state: str | None = None
    account: str | None = None
    domainid: str | None = None
    domain: str | None = None
    domainpath: str | None = None
    serviceofferingid: str | None = None
    serviceofferingname: str | None = None
    isredundantrouter: bool | None = None
    redundantstate: str | None = None
    version: str | None = None
    scriptsversion: str | None = None
    role: str | None = None
    requiresupgrade: bool | None = None
    healthchecksfailed: bool | None = None
    arch: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None
    nic: Annotated[list[NicView] | None, as_set] = None

    OBJECT = "router"


async def router_views(cloud: Cloud, vms: list[VmRow]) -> list[RouterView]:
    """The views of a page, in order."""
    nics: dict[int, list[NicRow]] = {}
    for nic in await cloud.store.rows(NICS_OF_VMS, [vm.id for vm in vms]):
        nics.setdefault(nic.vm_id, []).append(nic)
    networks = await cloud.part(Networks).many({n.network_id for of_vm in nics.values() for n in of_vm})
    names = cloud.part(AccountNames)
    await names.know({vm.account_id for vm in vms}, set())
    return [await _view(cloud, vm, nics.get(vm.id, []), networks, names) for vm in vms]


async def _view(
    cloud: Cloud, vm: VmRow, nics: list[NicRow], networks: dict[int, NetworkRow], names: AccountNames
) -> RouterView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    pod = (await cloud.snapshots.of(PodRow)).by_id.get(vm.pod_id or 0)
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id.get(vm.service_offering_id)
    owner = names.account(vm.account_id)
    extra = msgspec.json.decode(vm.extra_json, type=dict[str, Any])
    view = RouterView(
        id=vm.uuid,
        zoneid=zone.uuid,
        zonename=zone.name,
        dns1=zone.dns1,
        dns2=zone.dns2,
        name=vm.instance_name,
        podid=pod.uuid if pod else None,
        podname=pod.name if pod else None,
        hypervisor=vm.hypervisor,
        templateid=template.uuid if template else None,
        templatename=template.name if template else None,
        created=api_date(vm.created_ms),
        state=vm.state,
        account=owner.name,
        domainid=owner.domain_uuid,
        domain=owner.domain_name,
        domainpath=owner.domain_path,
        serviceofferingid=offering.uuid if offering else None,
        serviceofferingname=offering.name if offering else None,
        isredundantrouter=False,
        redundantstate="UNKNOWN",
        version=_version(str(extra.get("templateVersion", ""))),
        scriptsversion=extra.get("scriptsVersion") or None,
        role="VIRTUAL_ROUTER",
        requiresupgrade=False,
        healthchecksfailed=False,
        arch=vm.arch,
        hasannotations=False,
        nic=[nic_view(nic, networks[nic.network_id], vm.uuid, admin=True) for nic in nics],
    )
    host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
    if host is not None:
        view.hostid, view.hostname = host.uuid, host.name
        view.hostcontrolstate = host.resource_state if host.status == "Up" else "Offline"
    for nic in nics:
        _add_nic(view, nic, networks[nic.network_id])
    return view


def _add_nic(view: RouterView, nic: NicRow, network: NetworkRow) -> None:
    if nic.traffic_type == "Control":
        view.linklocalip, view.linklocalmacaddress, view.linklocalnetmask = nic.ip, nic.mac, nic.netmask
        view.linklocalnetworkid = network.uuid
    elif nic.traffic_type == "Public":
        view.publicip, view.publicmacaddress, view.publicnetmask = nic.ip, nic.mac, nic.netmask
        view.publicnetworkid, view.gateway = network.uuid, nic.gateway
    elif nic.traffic_type == "Guest":
        view.guestipaddress, view.guestmacaddress, view.guestnetmask = nic.ip, nic.mac, nic.netmask
        view.guestnetworkid, view.guestnetworkname = network.uuid, network.name
        view.networkdomain = network.network_domain


def _version(said: str) -> str:
    """The third word of `Cloudstack Release 4.20.1 …`."""
    words = said.split()
    return words[2] if len(words) > 2 else "UNKNOWN"
