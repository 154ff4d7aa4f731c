"""listNetworkOfferings: those the caller may use; offerings of system networks are for the system alone."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import page_of
from lakh.resources.network.row import BY_ID as NETWORK_BY_ID
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import services_of_offering
from lakh.resources.network_offering.view import NetworkOfferingView, network_offering_view
from lakh.resources.offering_scope import ids_of, in_zone, usable


class ListNetworkOfferings(ListCommand, answer=NetworkOfferingView):
    """Lists all available network offerings."""

    id: Id | None = param("the offering of this id", entity="network_offering")
    name: str | None = param("the offering of this name")
    displaytext: str | None = param("the offering of this longer name")
    traffictype: str | None = param("those for this traffic")
    guestiptype: str | None = param("Isolated, Shared or L2")
    isdefault: bool | None = param("those that came with the installation, or not")
    specifyvlan: bool | None = param("those whose networks are created with a VLAN, or not")
    specifyipranges: bool | None = param("those whose networks are created with IP ranges, or not")
    availability: str | None = param("Optional or Required")
    state: str | None = param("Enabled or Disabled")
    networkid: Id | None = param("those that this network can change to", entity="network")
    forvpc: bool | None = param("those for tiers of VPCs, or not")
    sourcenatsupported: bool | None = param("those with service SourceNat, or without")
    supportedservices: Strings = param("those that have all of these services")
    tags: str | None = param("those with this tag", max_length=4096)
    istagged: bool | None = param("those with a tag, or without")
    domainid: Id | None = param("those of this domain", entity="domain", since="4.13")
    zoneid: Id | None = param("those offered in this zone", entity="zone")

    async def run(self, call: Call) -> Listed:
        cloud = call.cloud
        rows = [row for row in (await cloud.snapshots.of(NetworkOfferingRow)).live if self._fits(row)]
        if self.networkid is not None:
            found = await cloud.store.rows(NETWORK_BY_ID, self.networkid)
            if not found or found[0].removed_ms is not None:
                raise ParameterError("Unable to find the network of networkid")
            rows = [row for row in rows if row.guest_type == found[0].guest_type and row.state == "Enabled"]
        count, rows = page_of(await usable(call, rows), self.window())
        return Listed(count, [await network_offering_view(cloud, row) for row in rows])

    def _fits(self, row: NetworkOfferingRow) -> bool:
        services = services_of_offering(row)
        equal = (
            (self.id, row.id),
            (self.name, row.name),
            (self.displaytext, row.display_text),
            (self.isdefault, row.is_default),
            (self.specifyvlan, row.specify_vlan),
            (self.specifyipranges, row.specify_ip_ranges),
            (self.forvpc, row.for_vpc),
            (self.sourcenatsupported, "SourceNat" in services),
            (self.istagged, bool(row.tags)),
            (self.tags, row.tags),
        )
        words = (
            (self.traffictype, row.traffic_type),
            (self.guestiptype, row.guest_type or ""),
            (self.availability, row.availability),
            (self.state, row.state),
        )
        return (
            not row.is_system
            and all(wanted is None or wanted == value for wanted, value in equal)
            and all(wanted is None or wanted.lower() == value.lower() for wanted, value in words)
            and all(service in services for service in self.supportedservices)
            and (self.domainid is None or self.domainid in ids_of(row.domain_ids))
            and in_zone(row, self.zoneid)
            and (self.keyword is None or _holds(row, self.keyword.lower()))
        )


def _holds(row: NetworkOfferingRow, keyword: str) -> bool:
    return keyword in row.name.lower() or keyword in row.display_text.lower()
