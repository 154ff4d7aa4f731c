"""createPhysicalNetwork: a physical network with the providers that every one has, all disabled at first."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.catalogue.networks import network_providers
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.jobs.flow import Flow, Run, State, Step
from lakh.resources.command import Admission, Call, JobCommand, result_json
from lakh.resources.live import live
from lakh.resources.physical_network.row import INSERT, INSERT_PROVIDER, PhysicalNetworkRow, ServiceProviderRow
from lakh.resources.physical_network.view import PhysicalNetworkView, physical_network_view, services_of
from lakh.resources.physical_network.vlans import ISOLATION_METHODS, parse_ranges
from lakh.resources.virtual_router_element.row import INSERT as INSERT_ELEMENT
from lakh.resources.virtual_router_element.row import VirtualRouterElementRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec

PROVIDERS = (
    "VirtualRouter",
    "Ovs",
    "SecurityGroupProvider",
    "VpcVirtualRouter",
    "BaremetalDhcpProvider",
    "BaremetalPxeProvider",
    "BaremetalUserdataProvider",
    "InternalLbVm",
    "ConfigDrive",
)
"""What a new physical network comes with."""
ELEMENTS = {"VirtualRouter": "VirtualRouter", "VpcVirtualRouter": "VPCVirtualRouter", "InternalLbVm": "InternalLbVm"}
"""Providers that run in VMs of ours, and the type of their element."""
RANGES = ("ZONE", "POD")


class MadeState(State):
    physical_network_id: int


async def made(run: Run[MadeState]) -> TxnSpec:
    rows = await run.cloud.snapshots.of(PhysicalNetworkRow)
    view = await physical_network_view(run.cloud, rows.by_id[run.state.physical_network_id])
    run.finish(result_json(run, view, run.job.command))
    return TxnSpec("physical_network.made")


class CreatePhysicalNetwork(
    JobCommand,
    creates=True,
    answer=PhysicalNetworkView,
    event="PHYSICAL.NETWORK.CREATE",
    instance_type="PhysicalNetwork",
    roles=ADMIN,
    since="3.0.0",
    java_class="org.apache.cloudstack.api.command.admin.network.CreatePhysicalNetworkCmd",
):
    """Creates a physical network."""

    zoneid: Id = param("the zone of the physical network", required=True, entity="zone")
    name: str = param("the name of the physical network", required=True)
    vlan: str | None = param("guest VLAN ids, one or more ranges such as 100-200,300-400")
    networkspeed: str | None = param("the speed, such as 1G")
    broadcastdomainrange: str | None = param("Pod or Zone; an advanced zone takes Zone only")
    domainid: Id | None = param("the domain that owns the network, in a basic zone", entity="domain")
    isolationmethods: Strings = param("how guest networks are kept apart: VLAN or VXLAN")
    tags: Strings = param("tags that network offerings name")

    FLOW = Flow(MadeState, Step("made", made, commits=True))

    async def admit(self, call: Call) -> Admission:
        cloud = call.cloud
        zone = await live(cloud, ZoneRow, self.zoneid, "zoneid")
        row = self._row(call, zone)
        txn = TxnSpec("physical_network.create").put(INSERT, row)
        for name in PROVIDERS:
            if name not in network_providers():
                continue
            provider = ServiceProviderRow(
                cloud.id("service_provider"), cloud.uuid(), row.id, name, "Disabled", services_of(name)
            )
            txn.put(INSERT_PROVIDER, provider)
            if name in ELEMENTS:
                element = VirtualRouterElementRow(
                    cloud.id("virtual_router_element"), cloud.uuid(), provider.id, ELEMENTS[name], False
                )
                txn.put(INSERT_ELEMENT, element)
        return Admission(
            txn,
            MadeState(physical_network_id=row.id),
            instance=("PhysicalNetwork", row.uuid),
            created_uuid=row.uuid,
            description=f"creating Physical Network. Id: {row.uuid}",
        )

    def _row(self, call: Call, zone: ZoneRow) -> PhysicalNetworkRow:
        reach = (self.broadcastdomainrange or ("Zone" if zone.network_type == "Advanced" else "Pod")).upper()
        if reach not in RANGES:
            raise ParameterError(f"Invalid broadcastDomainRange {self.broadcastdomainrange}: give Zone or Pod")
        if zone.network_type == "Advanced" and reach != "ZONE":
            raise ParameterError("An advanced zone's physical networks have broadcastDomainRange Zone")
        if zone.network_type != "Advanced" and self.vlan:
            raise ParameterError("A basic zone's physical network takes no vlan range")
        methods = [m.upper() for m in self.isolationmethods] or (["VLAN"] if zone.network_type == "Advanced" else [])
        if unknown := [m for m in methods if m not in ISOLATION_METHODS]:
            raise ParameterError(f"Invalid isolationmethods {unknown[0]}: give one of {', '.join(ISOLATION_METHODS)}")
        if len(methods) > 1:
            raise ParameterError("Only one isolation method can be specified for a physical network at this time")
        if len(self.tags) > 1:
            raise ParameterError("Only one tag can be specified for a physical network at this time")
        if self.domainid is not None and zone.network_type == "Advanced":
            raise ParameterError("Parameter domainid belongs to physical networks of a basic zone")
        parse_ranges(self.vlan or "", ",".join(methods))
        return PhysicalNetworkRow(
            id=call.cloud.id("physical_network"),
            uuid=call.cloud.uuid(),
            name=self.name,
            zone_id=zone.id,
            domain_id=self.domainid if self.domainid is not None else zone.domain_id,
            state="Disabled",
            vlan=self.vlan or "",
            isolation_methods=",".join(methods),
            network_speed=self.networkspeed,
            broadcast_domain_range=reach,
            tags=",".join(self.tags),
            created_ms=call.cloud.now_ms(),
        )
