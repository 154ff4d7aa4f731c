"""Hosts as the API shows them: the row, what memory knows better (status), and what VMs take of it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from lakh.base.clock import api_date
from lakh.base.errors import ParameterError
from lakh.catalogue.enums import HOST_DETAILS
from lakh.catalogue.states import machine
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.view import percent
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.configuration.values import Settings
from lakh.resources.host.index import ROUTING, HostIndex
from lakh.resources.host.row import CAPACITIES_OF, TAGS_OF, HostCapacityRow, HostRow, HostTagRow
from lakh.resources.management_server.row import ManagementServerRow
from lakh.resources.pod.row import PodRow
from lakh.resources.vm.row import BY_INSTANCE_NAMES, VmRow
from lakh.resources.zone.row import ZoneRow

Enum = Annotated[str, msgspec.Meta(extra={"type": "enum"})]
HostType = Annotated[str, msgspec.Meta(extra={"type": "type"})]


class OutOfBandManagementView(View):
    powerstate: str | None = None
    enabled: bool | None = None


class HostHaView(View):
    haenable: bool | None = None
    hastate: Enum | None = None


class HostView(View):
    """Memory is bytes, CPU MHz; percentages are texts."""

    OBJECT: ClassVar[str] = "host"

    id: str | None = None
    name: str | None = None
    state: Enum | None = None
    disconnected: ApiDate | None = None
    type: HostType | None = None
    oscategoryid: str | None = None
    oscategoryname: str | None = None
    ipaddress: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    podid: str | None = None
    podname: str | None = None
    version: str | None = None
    hypervisor: str | None = None
    cpusockets: Integer | None = None
    cpunumber: Integer | None = None
    cpuspeed: int | None = None
    cpuallocated: str | None = None
    cpuallocatedvalue: int | None = None
    cpuallocatedpercentage: str | None = None
    cpuallocatedwithoverprovisioning: str | None = None
    cpuloadaverage: float | None = None
    cpuused: str | None = None
    cpuwithoverprovisioning: str | None = None
    networkkbsread: int | None = None
    networkkbswrite: int | None = None
    memorytotal: int | None = None
    memorywithoverprovisioning: str | None = None
    memoryallocated: int | None = None
    memoryallocatedbytes: int | None = None
    memoryallocatedpercentage: str | None = None
    memoryused: int | None = None
    disksizetotal: int | None = None
    disksizeallocated: int | None = None
    capabilities: str | None = None
    lastpinged: ApiDate | None = None
    managementserverid: str | None = None
    managementservername: str | None = None
    msid: int | None = None
    clusterid: str | None = None
    clustername: str | None = None
    clustertype: str | None = None
    islocalstorageactive: bool | None = None
    created: ApiDate | None = None
    removed: ApiDate | None = None
    events: str | None = None
    hosttags: str | None = None
    explicithosttags: str | None = None
    implicithosttags: str | None = None
    istagarule: bool | None = None
    hasenoughcapacity: bool | None = None
    suitableformigration: bool | None = None
    hostha: HostHaView | None = None
    outofbandmanagement: OutOfBandManagementView | None = None
    resourcestate: str | None = None
    hypervisorversion: str | None = None
    hahost: bool | None = None
    details: dict[str, str] | None = None
    annotation: str | None = None
    lastannotated: ApiDate | None = None
    hasannotations: bool | None = None
    ueficapability: bool | None = None
    encryptionsupported: bool | None = None
    instanceconversionsupported: bool | None = None
    arch: str | None = None
    storageaccessgroups: str | None = None
    virtualmachineid: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


def checked_levels(levels: list[str]) -> frozenset[str]:
    """The detail levels asked for; all when none is. Raises ParameterError that lists them."""
    asked = frozenset(level.lower() for level in levels)
    if unknown := asked - set(HOST_DETAILS):
        raise ParameterError(
            f"The details parameter contains a non permitted value: {', '.join(sorted(unknown))}."
            f" The allowed values are {', '.join(HOST_DETAILS)}"
        )
    return asked or frozenset({"all"})


async def host_views(cloud: Cloud, rows: list[HostRow], levels: frozenset[str] = frozenset({"all"})) -> list[HostView]:
    """The views of a page of hosts, in order: two statements, names from memory."""
    ids = [row.id for row in rows]
    tags: dict[int, list[HostTagRow]] = {}
    for tag in await cloud.store.rows(TAGS_OF, ids) if ids else ():
        tags.setdefault(tag.host_id, []).append(tag)
    with_capacity = bool(levels & {"all", "capacity"}) and ids
    capacities = {c.host_id: c for c in await cloud.store.rows(CAPACITIES_OF, ids)} if with_capacity else {}
    index = cloud.part(HostIndex)
    await index.load()
    places = _Places(
        (await cloud.snapshots.of(ZoneRow)).by_id,
        (await cloud.snapshots.of(PodRow)).by_id,
        (await cloud.snapshots.of(ClusterRow)).by_id,
        (await cloud.snapshots.of(ManagementServerRow)).by_id,
    )
    ha_tag = cloud.part(Settings).text("ha.tag")
    jobs = cloud.worker.acting_on({row.uuid for row in rows})
    vms = {vm.instance_name: vm.uuid for vm in await _system_vms(cloud, rows)}
    views = []
    for row in rows:
        fact = index.facts.get(row.id)
        status = fact.status if fact is not None else row.status
        view = HostView(
            **_core(row, status),
            **places.names(row),
            **_tags(tags.get(row.id, []), ha_tag),
            **(_allocation(row, capacities[row.id]) if row.id in capacities else {}),
        )
        if fact is not None and fact.pinged_ms:
            view.lastpinged = api_date(fact.pinged_ms)
        if row.type != ROUTING:
            view.cpusockets = view.cpunumber = view.cpuspeed = view.memorytotal = None
            view.virtualmachineid = vms.get(row.name)
        if levels & {"all", "events"}:
            view.events = "; ".join(sorted(machine("Host.Status").events(status)))
        if (job := jobs.get(row.uuid)) is not None:
            view.jobid, view.jobstatus = job.uuid, job.status
        views.append(view)
    return views


async def _system_vms(cloud: Cloud, rows: list[HostRow]) -> list[VmRow]:
    """The VMs whose agents some of the rows are: an agent bears its VM's name (addendum 4.4)."""
    names = [row.name for row in rows if row.type != ROUTING]
    return await cloud.store.rows(BY_INSTANCE_NAMES, names) if names else []


async def host_view(cloud: Cloud, row: HostRow) -> HostView:
    """The whole view of one host."""
    return (await host_views(cloud, [row]))[0]


class _Places(msgspec.Struct):
    zones: dict[int, ZoneRow]
    pods: dict[int, PodRow]
    clusters: dict[int, ClusterRow]
    servers: dict[int, ManagementServerRow]

    def names(self, row: HostRow) -> dict[str, Any]:
        zone, pod = self.zones[row.zone_id], self.pods.get(row.pod_id or 0)
        cluster, server = self.clusters.get(row.cluster_id or 0), self.servers.get(row.management_server_id or 0)
        return {
            "zoneid": zone.uuid,
            "zonename": zone.name,
            "podid": pod.uuid if pod else None,
            "podname": pod.name if pod else None,
            "clusterid": cluster.uuid if cluster else None,
            "clustername": cluster.name if cluster else None,
            "clustertype": cluster.cluster_type if cluster else None,
            "managementserverid": server.uuid if server else None,
            "managementservername": server.name if server else None,
            "msid": server.msid if server else None,
        }


def _core(row: HostRow, status: str) -> dict[str, Any]:
    details = msgspec.json.decode(row.details_json, type=dict[str, str])
    return {
        "id": row.uuid,
        "name": row.name,
        "state": status,
        "disconnected": api_date(row.disconnected_ms) if row.disconnected_ms else None,
        "type": row.type,
        "ipaddress": row.private_ip,
        "version": row.version,
        "hypervisor": row.hypervisor,
        "hypervisorversion": row.hypervisor_version,
        "cpusockets": row.cpu_sockets,
        "cpunumber": row.cpus,
        "cpuspeed": row.speed_mhz,
        "memorytotal": row.memory_bytes,
        "capabilities": row.capabilities,
        "islocalstorageactive": False,
        "created": api_date(row.created_ms),
        "removed": api_date(row.removed_ms) if row.removed_ms else None,
        "resourcestate": row.resource_state,
        "hostha": HostHaView(haenable=False, hastate="Disabled"),
        "outofbandmanagement": OutOfBandManagementView(powerstate="Disabled", enabled=False),
        "details": {k: v for k, v in details.items() if k != "annotation"},
        "annotation": details.get("annotation"),
        "hasannotations": "annotation" in details,
        "ueficapability": details.get("host.uefi.enable") == "true",
        "encryptionsupported": details.get("host.volume.encryption") == "true",
        "instanceconversionsupported": details.get("host.instance.conversion") == "true",
        "arch": row.arch,
    }


def _tags(tags: list[HostTagRow], ha_tag: str) -> dict[str, Any]:
    explicit, implicit = [t.tag for t in tags if not t.implicit], [t.tag for t in tags if t.implicit]
    return {
        "hosttags": ",".join(explicit + implicit) or None,
        "explicithosttags": ",".join(explicit) or None,
        "implicithosttags": ",".join(implicit) or None,
        "istagarule": False,
        "hahost": bool(ha_tag) and ha_tag in explicit,
    }


def _allocation(row: HostRow, capacity: HostCapacityRow) -> dict[str, Any]:
    mhz = capacity.cpu_total_mhz * capacity.cpu_overcommit
    memory = capacity.memory_total_bytes * capacity.memory_overcommit
    cpu_percent = f"{percent(capacity.cpu_used_mhz, mhz)}%"
    return {
        "cpuallocated": cpu_percent,
        "cpuallocatedvalue": capacity.cpu_used_mhz,
        "cpuallocatedpercentage": cpu_percent,
        "cpuallocatedwithoverprovisioning": cpu_percent,
        "cpuwithoverprovisioning": f"{mhz:.15g}",
        "memorywithoverprovisioning": str(int(memory)),
        "memoryallocated": capacity.memory_used_bytes,
        "memoryallocatedbytes": capacity.memory_used_bytes,
        "memoryallocatedpercentage": f"{percent(capacity.memory_used_bytes, memory)}%",
    }
