"""System VMs (secondary storage and console proxy) as the API shows them (addendum 4.4)."""

from __future__ import annotations

from lakh.base.clock import api_date
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.host.index import HostIndex
from lakh.resources.host.row import BY_NAMES, HostRow
from lakh.resources.nic.row import OF_VMS as NICS_OF_VMS
from lakh.resources.nic.row import NicRow
from lakh.resources.pod.row import PodRow
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.resources.template.row import TemplateRow
from lakh.resources.vm.row import CONSOLE_PROXY, SECONDARY_STORAGE, VmRow
from lakh.resources.vm.viewers import Viewers
from lakh.resources.zone.row import ZoneRow

API_TYPES = {SECONDARY_STORAGE: "secondarystoragevm", CONSOLE_PROXY: "consoleproxy"}
HOST_TYPES = {SECONDARY_STORAGE: "SecondaryStorageVM", CONSOLE_PROXY: "ConsoleProxy"}


class SystemVmView(View, kw_only=True):
    """`agentstate`, `disconnected` and `version` are of the agent inside; absent until it first connected."""

    id: str
    systemvmtype: str
    zoneid: str
    zonename: str
    dns1: str | None = None
    dns2: str | None = None
    networkdomain: str | None = None
    gateway: str | None = None
    name: str
    podid: str | None = None
    podname: str | None = None
    hostid: str | None = None
    hostname: str | None = None
    hostcontrolstate: str | None = None
    hypervisor: str
    privateip: str | None = None
    privatemacaddress: str | None = None
    privatenetmask: str | None = None
    linklocalip: str | None = None
    linklocalmacaddress: str | None = None
    linklocalnetmask: str | None = None
    publicip: str | None = None
    publicmacaddress: str | None = None
    publicnetmask: str | None = None
    templateid: str | None = None
    templatename: str | None = None
    created: ApiDate
    state: str
    agentstate: str | None = None
    activeviewersessions: Integer | None = None
    publicvlan: list[str] | None = None
    disconnected: ApiDate | None = None
    version: str | None = None
    isdynamicallyscalable: bool
    serviceofferingid: str | None = None
    serviceofferingname: str | None = None
    arch: str
    hasannotations: bool

    OBJECT = "systemvm"


async def system_vm_views(cloud: Cloud, vms: list[VmRow]) -> list[SystemVmView]:
    """The views of a page, in order."""
    nics: dict[int, list[NicRow]] = {}
    for nic in await cloud.store.rows(NICS_OF_VMS, [vm.id for vm in vms]):
        nics.setdefault(nic.vm_id, []).append(nic)
    agents = {h.name: h for h in await cloud.store.rows(BY_NAMES, [vm.instance_name for vm in vms])}
    return [await _view(cloud, vm, nics.get(vm.id, []), agents.get(vm.instance_name)) for vm in vms]


async def _view(cloud: Cloud, vm: VmRow, nics: list[NicRow], agent: HostRow | None) -> SystemVmView:
    zone = (await cloud.snapshots.of(ZoneRow)).by_id[vm.zone_id]
    pod = (await cloud.snapshots.of(PodRow)).by_id.get(vm.pod_id or 0)
    template = (await cloud.snapshots.of(TemplateRow)).by_id.get(vm.template_id)
    offering = (await cloud.snapshots.of(ServiceOfferingRow)).by_id.get(vm.service_offering_id)
    host = cloud.part(HostIndex).facts.get(vm.host_id or 0)
    view = SystemVmView(
        id=vm.uuid,
        systemvmtype=API_TYPES[vm.type],
        zoneid=zone.uuid,
        zonename=zone.name,
        dns1=zone.dns1,
        dns2=zone.dns2,
        networkdomain=zone.network_domain,
        name=vm.instance_name,
        podid=pod.uuid if pod else None,
        podname=pod.name if pod else None,
        hypervisor=vm.hypervisor,
        templateid=template.uuid if template else None,
        templatename=template.name if template else None,
        created=api_date(vm.created_ms),
        state=vm.state,
        activeviewersessions=cloud.part(Viewers).of(vm.id) if vm.type == CONSOLE_PROXY else None,
        serviceofferingid=offering.uuid if offering else None,
        serviceofferingname=offering.name if offering else None,
        isdynamicallyscalable=vm.dynamic_scaling,
        arch=vm.arch,
        hasannotations=False,
    )
    if host is not None:
        view.hostid, view.hostname = host.uuid, host.name
        view.hostcontrolstate = host.resource_state if host.status == "Up" else "Offline"
    for nic in nics:
        _add_nic(view, nic)
    if agent is not None and agent.type == HOST_TYPES[vm.type]:
        view.agentstate, view.version = agent.status, agent.version
        view.disconnected = None if agent.disconnected_ms is None else api_date(agent.disconnected_ms)
    return view


def _add_nic(view: SystemVmView, nic: NicRow) -> None:
    if nic.traffic_type == "Management":
        view.privateip, view.privatemacaddress, view.privatenetmask = nic.ip, nic.mac, nic.netmask
    elif nic.traffic_type == "Control":
        view.linklocalip, view.linklocalmacaddress, view.linklocalnetmask = nic.ip, nic.mac, nic.netmask
    elif nic.traffic_type in ("Public", "Guest"):
        view.publicip, view.publicmacaddress, view.publicnetmask = nic.ip, nic.mac, nic.netmask
        view.gateway = nic.gateway
        view.publicvlan = [nic.broadcast_uri] if nic.broadcast_uri else None
