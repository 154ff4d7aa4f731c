"""Pods as the API shows them."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import ClassVar

from lakh.contract.view import Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.places import capacities_of
from lakh.resources.capacity.view import CapacityView
from lakh.resources.pod.row import PodRow
from lakh.resources.zone.row import ZoneRow


class IpRangeView(View):
    gateway: str | None = None
    cidr: str | None = None
    startip: str | None = None
    endip: str | None = None
    forsystemvms: str | None = None
    vlanid: str | None = None


class PodView(View):
    OBJECT: ClassVar[str] = "pod"

    id: str | None = None
    name: str | None = None
    zoneid: str | None = None
    zonename: str | None = None
    gateway: str | None = None
    netmask: str | None = None
    ipranges: list[IpRangeView] | None = None
    startip: list[str] | None = None
    endip: list[str] | None = None
    forsystemvms: list[str] | None = None
    vlanid: list[str] | None = None
    allocationstate: str | None = None
    capacity: list[CapacityView] | None = None
    storageaccessgroups: str | None = None
    zonestorageaccessgroups: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def pod_views(cloud: Cloud, rows: list[PodRow], *, capacities: bool = False) -> list[PodView]:
    """The views of pods, in order."""
    zones = (await cloud.snapshots.of(ZoneRow)).by_id
    of_pod = await capacities_of(cloud, "pod") if capacities else {}
    views = []
    for row in rows:
        zone, has_range = zones[row.zone_id], bool(row.start_ip)
        view = PodView(
            id=row.uuid,
            name=row.name,
            zoneid=zone.uuid,
            zonename=zone.name,
            gateway=row.gateway or None,
            netmask=row.netmask or None,
            ipranges=[_range(row)] if has_range else [],
            startip=[row.start_ip] if has_range else [],
            endip=[row.end_ip] if has_range else [],
            forsystemvms=["0"] if has_range else [],
            vlanid=["untagged"] if has_range else [],
            allocationstate=row.allocation_state,
            capacity=of_pod.get(row.id, []) if capacities else None,
            hasannotations=False,
        )
        views.append(view)
    return views


def _range(row: PodRow) -> IpRangeView:
    cidr = str(IPv4Network(f"{row.gateway}/{row.netmask}", strict=False))
    return IpRangeView(
        gateway=row.gateway, cidr=cidr, startip=row.start_ip, endip=row.end_ip, forsystemvms="0", vlanid="untagged"
    )


async def pod_view(cloud: Cloud, pod_id: int) -> PodView:
    """The view of one pod, as it is stored now."""
    return (await pod_views(cloud, [(await cloud.snapshots.of(PodRow)).by_id[pod_id]]))[0]
