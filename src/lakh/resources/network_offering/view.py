"""Network offerings as the API shows them, with their services, providers and what they can do."""

from __future__ import annotations

import msgspec

from lakh.base.clock import api_date
from lakh.catalogue.networks import capabilities_of, network_providers, network_services
from lakh.contract.view import ApiDate, Integer, View
from lakh.jobs.cloud import Cloud
from lakh.resources.configuration.values import Settings
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import capabilities_of_offering, services_of_offering
from lakh.resources.network_service.view import CapabilityView, NetworkServiceView, ProviderView
from lakh.resources.offering_scope import places_of
from lakh.resources.service_offering.row import ServiceOfferingRow


class NetworkOfferingView(View, kw_only=True):
    id: str | None = None
    name: str | None = None
    displaytext: str | None = None
    tags: str | None = None
    created: ApiDate | None = None
    traffictype: str | None = None
    isdefault: bool | None = None
    specifyvlan: bool | None = None
    conservemode: bool | None = None
    specifyipranges: bool | None = None
    availability: str | None = None
    networkrate: Integer | None = None
    state: str | None = None
    guestiptype: str | None = None
    serviceofferingid: str | None = None
    service: list[NetworkServiceView] | None = None
    forvpc: bool | None = None
    details: dict[str, str] | None = None
    egressdefaultpolicy: bool | None = None
    ispersistent: bool | None = None
    maxconnections: Integer | None = None
    supportspublicaccess: bool | None = None
    supportsstrechedl2subnet: bool | None = None
    supportsinternallb: bool | None = None
    internetprotocol: str | None = None
    networkmode: str | None = None
    domainid: str | None = None
    domain: str | None = None
    zoneid: str | None = None
    zone: str | None = None
    hasannotations: bool | None = None
    jobid: str | None = None
    jobstatus: Integer | None = None

    OBJECT = "networkoffering"


async def network_offering_view(cloud: Cloud, row: NetworkOfferingRow) -> NetworkOfferingView:
    places = await places_of(cloud, row)
    compute = (await cloud.snapshots.of(ServiceOfferingRow)).by_id.get(row.service_offering_id or 0)
    details = msgspec.json.decode(row.details_json, type=dict[str, str])
    rate = cloud.part(Settings).integer("network.throttling.rate")
    return NetworkOfferingView(
        id=row.uuid,
        name=row.name,
        displaytext=row.display_text,
        tags=row.tags,
        created=api_date(row.created_ms),
        traffictype=row.traffic_type,
        isdefault=row.is_default,
        specifyvlan=row.specify_vlan,
        conservemode=row.conserve_mode,
        specifyipranges=row.specify_ip_ranges,
        availability=row.availability,
        networkrate=rate if row.network_rate_mbps is None else row.network_rate_mbps,
        state=row.state,
        guestiptype=row.guest_type,
        serviceofferingid=compute.uuid if compute else None,
        service=service_views(row),
        forvpc=row.for_vpc,
        details={k: v for k, v in details.items() if k not in _FLAGS} or None,
        egressdefaultpolicy=row.egress_default_policy,
        ispersistent=row.is_persistent,
        maxconnections=row.max_connections,
        supportspublicaccess=details.get("publicaccess") == "true",
        supportsstrechedl2subnet=details.get("stretchedl2") == "true",
        supportsinternallb=details.get("internal_lb") == "true",
        internetprotocol="IPv4" if row.guest_type in ("Isolated", "Shared") else None,
        networkmode=details.get("networkmode"),
        domainid=places.domain_uuids,
        domain=places.domain_names,
        zoneid=places.zone_uuids,
        zone=places.zone_names,
        hasannotations=False,
    )


_FLAGS = frozenset({"publicaccess", "stretchedl2", "internal_lb", "public_lb", "networkmode", "keepalive"})


def service_views(row: NetworkOfferingRow) -> list[NetworkServiceView]:
    """The offering's services in the catalogue's order, with the values of their capabilities."""
    offered, chosen = services_of_offering(row), capabilities_of_offering(row)
    found: list[NetworkServiceView] = []
    for service in network_services():
        providers = offered.get(service.name)
        if providers is None:
            continue
        values: dict[str, str] = {}
        for name in providers:
            if name in network_providers():
                values |= capabilities_of(name, service.name)
        values |= chosen.get(service.name, {})
        capabilities = [
            CapabilityView(name=name, value=value, canchooseservicecapability=name in service.choosable)
            for name, value in values.items()
        ]
        view = NetworkServiceView(name=service.name, provider=[ProviderView(name=name) for name in providers])
        view.capability = capabilities or None
        found.append(view)
    return found
