"""createNetworkOffering: services, who provides each, and what may be chosen of them."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.catalogue.networks import network_providers, network_services
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id, Ids, Pairs, Strings
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.network_offering.row import INSERT, NetworkOfferingRow
from lakh.resources.network_offering.view import NetworkOfferingView, network_offering_view
from lakh.resources.offering_scope import restricted
from lakh.resources.service_offering.row import ServiceOfferingRow
from lakh.store.statement import TxnSpec

GUEST_TYPES = ("Isolated", "Shared", "L2")


class CreateNetworkOffering(
    SyncCommand, answer=NetworkOfferingView, event="NETWORK.OFFERING.CREATE", roles=ADMIN, since="3.0.0"
):
    """Creates a network offering, disabled unless enable is given."""

    name: str = param("name of the offering", required=True)
    displaytext: str | None = param("a longer name; the name by default")
    traffictype: str = param("Guest: offerings for other traffic come with the installation", required=True)
    guestiptype: str = param("Isolated, Shared or L2", required=True)
    supportedservices: Strings = param("services of its networks, such as Dhcp,Dns,SourceNat")
    serviceproviderlist: Pairs = param("who provides a service: serviceproviderlist[0].service, .provider")
    servicecapabilitylist: Pairs = param(
        "a choice of what a service does: servicecapabilitylist[0].service, .capabilitytype, .capabilityvalue"
    )
    specifyvlan: bool = param("networks of it are created with a VLAN", default=False)
    specifyipranges: bool = param("networks of it are created with IP ranges", default=False)
    ispersistent: bool = param("networks of it are implemented at once, and stay so", default=False)
    conservemode: bool = param("one public address may serve several services", default=True)
    availability: str | None = param("Optional or Required")
    networkrate: int | None = param("Mbit/s of each network; the setting's by default")
    maxconnections: int | None = param("most connections of a load balancer")
    egressdefaultpolicy: bool = param("let traffic out unless a rule forbids it", default=False)
    forvpc: bool = param("an offering for tiers of VPCs", default=False)
    serviceofferingid: Id | None = param("the system offering of its routers", entity="service_offering")
    tags: str | None = param("tag of the physical networks that it goes with", max_length=4096)
    domainid: Ids = param("the domains that may use it; all by default", entity="domain")
    zoneid: Ids = param("the zones it is offered in; all by default", entity="zone", since="4.13")
    enable: bool = param("make it usable at once", default=False, since="4.16")
    details: Details = param("free details of the offering", since="4.2.0")

    async def run(self, call: Call) -> NetworkOfferingView:
        row = await self._row(call)
        txn = TxnSpec("createNetworkOffering").put(INSERT, row)
        text = f"Network offering {row.name} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("NetworkOffering", row.uuid)))
        await call.cloud.store.submit(txn)
        return await network_offering_view(call.cloud, row)

    async def _row(self, call: Call) -> NetworkOfferingRow:
        cloud = call.cloud
        guest_type = next((g for g in GUEST_TYPES if g.lower() == self.guestiptype.lower()), None)
        if guest_type is None:
            raise ParameterError(f"Invalid guest type {self.guestiptype}: give one of {', '.join(GUEST_TYPES)}")
        if self.traffictype.lower() != "guest":
            raise ParameterError("Only traffic type Guest is supported for network offerings that are created")
        services = self._services(guest_type)
        capabilities = self._capabilities(services)
        self._check(guest_type, services)
        domain_ids, zone_ids = await restricted(call, self.domainid, self.zoneid)
        if self.serviceofferingid is not None:
            compute = await live(cloud, ServiceOfferingRow, self.serviceofferingid, "serviceofferingid")
            if compute.system_vm_type != "domainrouter":
                raise ParameterError(f"Service offering {compute.name} is not a system offering for routers")
        return NetworkOfferingRow(
            id=cloud.id("network_offering"),
            uuid=cloud.uuid(),
            name=self.name,
            unique_name=self.name,
            display_text=self.displaytext or self.name,
            traffic_type="Guest",
            guest_type=guest_type,
            state="Enabled" if self.enable else "Disabled",
            availability=self._availability(),
            is_default=False,
            is_system=False,
            specify_vlan=self.specifyvlan,
            specify_ip_ranges=self.specifyipranges,
            is_persistent=self.ispersistent,
            conserve_mode=self.conservemode,
            for_vpc=self.forvpc,
            egress_default_policy=self.egressdefaultpolicy,
            redundant_router=capabilities.get("SourceNat", {}).get("RedundantRouter") == "true",
            network_rate_mbps=self.networkrate,
            max_connections=self.maxconnections,
            services_json=msgspec.json.encode(services).decode(),
            capabilities_json=msgspec.json.encode(capabilities).decode(),
            service_offering_id=self.serviceofferingid,
            domain_ids=domain_ids,
            zone_ids=zone_ids,
            details_json=msgspec.json.encode(self.details).decode(),
            sort_key=0,
            created_ms=cloud.now_ms(),
            tags=self.tags or None,
        )

    def _services(self, guest_type: str) -> dict[str, list[str]]:
        """Service → providers. Raises ParameterError for an unknown service or provider, or one that cannot do it."""
        known = {service.name.lower(): service.name for service in network_services()}
        services: dict[str, list[str]] = {}
        for given in self.supportedservices:
            if given.lower() not in known:
                raise ParameterError(f"Invalid service name specified: {given}; listSupportedNetworkServices names all")
            services[known[given.lower()]] = []
        for entry in self.serviceproviderlist:
            service = known.get(entry.get("service", "").lower(), "")
            if service not in services:
                raise ParameterError(f"Service {entry.get('service')} is not in supportedservices")
            name = entry.get("provider", "")
            provider = next((p for p in network_providers().values() if p.name.lower() == name.lower()), None)
            if provider is None:
                raise ParameterError(f"Invalid service provider: {name}")
            if service not in provider.services:
                raise ParameterError(f"Provider {provider.name} doesn't support service {service}")
            services[service].append(provider.name)
        fallback = "VpcVirtualRouter" if self.forvpc else "VirtualRouter"
        for service, providers in services.items():
            if not providers:
                default = "SecurityGroupProvider" if service == "SecurityGroup" else fallback
                if service not in network_providers()[default].services:
                    raise ParameterError(f"Service {service} needs a provider in serviceproviderlist")
                providers.append(default)
        if guest_type == "L2" and (other := [s for s in services if s != "UserData"]):
            raise ParameterError(f"L2 network offerings support UserData only, not {other[0]}")
        return services

    def _capabilities(self, services: dict[str, list[str]]) -> dict[str, dict[str, str]]:
        known = {service.name: service for service in network_services()}
        chosen: dict[str, dict[str, str]] = {}
        for entry in self.servicecapabilitylist:
            service, kind = entry.get("service", ""), entry.get("capabilitytype", "")
            if service not in services:
                raise ParameterError(f"Capability {kind} is for service {service}, which is not in supportedservices")
            names = {c.lower(): c for c in known[service].capabilities}
            if kind.lower() not in names:
                raise ParameterError(f"Service {service} has no capability {kind}")
            chosen.setdefault(service, {})[names[kind.lower()]] = entry.get("capabilityvalue", "").lower()
        return chosen

    def _check(self, guest_type: str, services: dict[str, list[str]]) -> None:
        if guest_type == "Shared" and not self.specifyvlan and "SecurityGroup" not in services:
            raise ParameterError("Cannot create a Shared network offering without specifyvlan=true")
        if guest_type == "Shared" and not self.specifyipranges:
            raise ParameterError("SpecifyIpRanges can only be true for Shared network offerings; give it")
        if guest_type != "Shared" and self.specifyipranges and "SourceNat" in services:
            raise ParameterError("SpecifyIpRanges can only be true for Shared networks, or without service SourceNat")
        if guest_type == "Isolated" and "Gateway" in services and "SourceNat" not in services and not self.forvpc:
            raise ParameterError("Service Gateway needs service SourceNat")
        if self.ispersistent and guest_type == "Shared":
            raise ParameterError("Only Isolated and L2 network offerings can be persistent")
        if self.networkrate is not None and self.networkrate < 0:
            raise ParameterError(f"Invalid parameter networkrate {self.networkrate}: it must not be negative")

    def _availability(self) -> str:
        given = self.availability or "Optional"
        for known in ("Optional", "Required"):
            if known.lower() == given.lower():
                return known
        raise ParameterError(f"Invalid availability {given}: give Optional or Required")
