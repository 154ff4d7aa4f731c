"""Zones as the API shows them: to root admins whole, to others without addresses and capacities."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec

from lakh.contract.view import Integer, View, as_set
from lakh.jobs.cloud import Cloud
from lakh.resources.capacity.places import capacities_of
from lakh.resources.capacity.view import CapacityView
from lakh.resources.cluster.row import ClusterRow
from lakh.resources.domain.tree import DomainTree
from lakh.resources.zone.row import ZoneRow
from lakh.wire.objects.data import name_uuid


class ZoneView(View):
    OBJECT: ClassVar[str] = "zone"

    id: str | None = None
    name: str | None = None
    description: str | None = None
    displaytext: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    ip6dns1: str | None = None
    ip6dns2: str | None = None
    internaldns1: str | None = None
    internaldns2: str | None = None
    guestcidraddress: str | None = None
    domain: str | None = None
    domainid: str | None = None
    domainname: str | None = None
    networktype: str | None = None
    securitygroupsenabled: bool | None = None
    allocationstate: str | None = None
    zonetoken: str | None = None
    dhcpprovider: str | None = None
    capacity: list[CapacityView] | None = None
    localstorageenabled: bool | None = None
    tags: Annotated[list[str] | None, as_set] = None
    resourcedetails: dict[str, str] | None = None
    hasannotations: bool | None = None
    allowuserspecifyvrmtu: bool | None = None
    routerprivateinterfacemaxmtu: Integer | None = None
    routerpublicinterfacemaxmtu: Integer | None = None
    type: str | None = None
    isnsxenabled: bool | None = None
    ismultiarch: bool | None = None
    routedmodeenabled: bool | None = None
    storageaccessgroups: str | None = None
    provider: str | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None


async def zone_views(cloud: Cloud, rows: list[ZoneRow], *, whole: bool, capacities: bool = False) -> list[ZoneView]:
    """The views of zones, in order. `whole` adds what only root admins see."""
    domains = await cloud.part(DomainTree).current()
    architectures: dict[int, set[str]] = {}
    for cluster in await cloud.snapshots.of(ClusterRow):
        architectures.setdefault(cluster.zone_id, set()).add(cluster.arch)
    of_zone = await capacities_of(cloud, "zone") if capacities and whole else {}
    views = []
    for row in rows:
        domain = domains.rows.get(row.domain_id or 0)
        details = msgspec.json.decode(row.details_json, type=dict[str, str])
        view = ZoneView(
            id=row.uuid,
            name=row.name,
            description=row.description,
            domain=row.network_domain or None,
            domainid=domain.uuid if domain else None,
            domainname=domain.name if domain else None,
            networktype=row.network_type,
            securitygroupsenabled=row.security_group_enabled,
            allocationstate=row.allocation_state,
            zonetoken=name_uuid(row.uuid),
            dhcpprovider=row.dhcp_provider,
            localstorageenabled=row.local_storage_enabled,
            tags=[],
            resourcedetails=details or None,
            hasannotations=False,
            allowuserspecifyvrmtu=False,
            routerprivateinterfacemaxmtu=1500,
            routerpublicinterfacemaxmtu=1500,
            type="Edge" if row.is_edge else "Core",
            isnsxenabled=False,
            ismultiarch=len(architectures.get(row.id, ())) > 1,
            routedmodeenabled=False,
            storageaccessgroups=details.get("storageaccessgroups"),
            capacity=of_zone.get(row.id, []) if capacities and whole else None,
            **(_addresses(row) if whole else {}),
        )
        views.append(view)
    return views


def _addresses(row: ZoneRow) -> dict[str, Any]:
    return {
        "displaytext": row.name,
        "dns1": row.dns1,
        "dns2": row.dns2 or None,
        "ip6dns1": row.ip6_dns1 or None,
        "ip6dns2": row.ip6_dns2 or None,
        "internaldns1": row.internal_dns1,
        "internaldns2": row.internal_dns2 or None,
        "guestcidraddress": row.guest_cidr or None,
    }


async def zone_view(cloud: Cloud, zone_id: int) -> ZoneView:
    """The whole view of one zone, as it is stored now."""
    row = (await cloud.snapshots.of(ZoneRow)).by_id[zone_id]
    return (await zone_views(cloud, [row], whole=True))[0]
