"""listNetworks: the caller's own, and those shared with its domain."""

from __future__ import annotations

from typing import Any

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id, Strings
from lakh.resources.account.ownership import Scope, owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.list_conditions import Both
from lakh.resources.listing import Listing
from lakh.resources.network.access import SharedNetworks, may_see_network
from lakh.resources.network.cached import Networks
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.view import NetworkView, network_views
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import services_of_offering
from lakh.resources.searching import Searched
from lakh.resources.vlan.ranges import vlan_uri

LISTING = Listing(
    NetworkRow,
    {
        "id": "id = $",
        "name": "name = $",
        "zoneid": "zone_id = $",
        "physicalnetworkid": "physical_network_id = $",
        "networkofferingid": "offering_id = $",
        "services": "offering_id = ANY($)",
        "type": "LOWER(guest_type) = $",
        "traffictype": "LOWER(traffic_type) = $",
        "acltype": "LOWER(acl_type) = $",
        "restartrequired": "restart_required = $",
        "specifyipranges": "specify_ip_ranges = $",
        "displaynetwork": "display_network = $",
        "forvpc": "(vpc_id IS NOT NULL) = $",
        "vlan": "broadcast_uri = $",
        "issystem": "is_system = $",
        "own accounts": "(account_id = ANY($) AND acl_type = 'Account')",
        "own domains": "(domain_id = ANY($) AND acl_type = 'Account')",
        "accounts": "((account_id = ANY($a) AND acl_type = 'Account') OR id = ANY($b))",
        "domains": "(domain_id = ANY($a) OR id = ANY($b))",
        "shared": "id = ANY($)",
    },
    keyword=("name",),
    holds=(
        "account_id", "domain_id", "zone_id", "physical_network_id", "offering_id", "guest_type", "traffic_type",
        "acl_type", "restart_required", "specify_ip_ranges", "display_network", "is_system",
    ),
    by_index=("name",),
    searches={"keyword": Searched(NetworkRow, "name")},
)  # fmt: skip
FILTERS = ("account", "domain", "accountdomain", "shared", "all")


class ListNetworks(OwnedListCommand, answer=NetworkView):
    """Lists all available networks."""

    id: Id | None = param("the network of this id", entity="network")
    name: str | None = param("the networks of this name", since="4.22.0")
    zoneid: Id | None = param("those of this zone", entity="zone")
    physicalnetworkid: Id | None = param("those on this physical network", entity="physical_network")
    networkofferingid: Id | None = param("those of this offering", entity="network_offering")
    type: str | None = param("Isolated, Shared or L2")
    traffictype: str | None = param("those for this traffic")
    acltype: str | None = param("Account or Domain")
    networkfilter: str | None = param("Account, Domain, AccountDomain, Shared or All", since="4.17.0")
    restartrequired: bool | None = param("those that need a restart, or not")
    specifyipranges: bool | None = param("those created with IP ranges, or not")
    supportedservices: Strings = param("those that have all of these services")
    issystem: bool = param("the zone's own networks, for root admins", default=False)
    displaynetwork: bool | None = param("those shown to their owner, or not", since="4.4", roles=["Admin"])
    forvpc: bool | None = param("tiers of VPCs, or other networks")
    vlan: str | None = param("those of this VLAN", since="4.17.0", roles=["Admin"])
    retrieveonlyresourcecount: bool = param("only count them", default=False)

    async def run(self, call: Call) -> Listed:
        window = self.window()
        filters = await self._filters(call)
        if filters is None:
            return Listed(0, [])
        if self.retrieveonlyresourcecount:
            return Listed(await LISTING.count(call.cloud, filters=filters, keyword=self.keyword), [])
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=window)
        return Listed(count, list(await network_views(call.cloud, rows, admin=call.caller.is_root_admin)))

    async def _filters(self, call: Call) -> dict[str, Any] | None:
        """What to filter by; None where nothing can fit."""
        filters: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "zoneid": self.zoneid,
            "physicalnetworkid": self.physicalnetworkid,
            "networkofferingid": self.networkofferingid,
            "services": await self._offerings(call),
            "type": self.type.lower() if self.type else None,
            "traffictype": self.traffictype.lower() if self.traffictype else None,
            "acltype": self.acltype.lower() if self.acltype else None,
            "restartrequired": self.restartrequired,
            "specifyipranges": self.specifyipranges,
            "displaynetwork": self.displaynetwork if call.caller.is_root_admin else True,
            "forvpc": self.forvpc,
            "vlan": vlan_uri(self.vlan) if self.vlan else None,
            "issystem": self.issystem and call.caller.is_root_admin,
        }
        if self.id is not None:
            found = await call.cloud.part(Networks).get(self.id)
            if found is None or not await may_see_network(call, found):
                return None
            filters["issystem"] = None
            return filters
        if filters["issystem"]:
            return filters
        return filters | await self._scope(call)

    async def _scope(self, call: Call) -> dict[str, Any]:
        """Whose networks: own ones, and those of the domain that are shared with it."""
        chosen = (self.networkfilter or "all").lower()
        if chosen not in FILTERS:
            raise ParameterError(
                f"Invalid parameter networkfilter {self.networkfilter}: give one of {', '.join(FILTERS)}"
            )
        scope = await owned_scope(call, self)
        if scope == Scope():
            return {} if chosen == "all" else {"acltype": "account" if chosen == "account" else "domain"}
        shared = await self._shared(call, scope)
        if chosen in ("domain", "shared"):
            return {"shared": shared}
        kind, ids = ("accounts", scope.account_ids) if scope.account_ids is not None else ("domains", scope.domain_ids)
        if chosen == "account":
            return {f"own {kind}": list(ids or ())}
        return {kind: Both(list(ids or ()), shared)}

    async def _shared(self, call: Call, scope: Scope) -> list[int]:
        domains = scope.domain_ids
        if domains is None:
            domains = (self.domainid if self.domainid is not None else call.caller.domain_id,)
        return await call.cloud.part(SharedNetworks).visible_from(domains)

    async def _offerings(self, call: Call) -> list[int] | None:
        """The ids of the offerings with all services asked for; None where none are."""
        if not self.supportedservices:
            return None
        wanted = {service.lower() for service in self.supportedservices}
        offerings = await call.cloud.snapshots.of(NetworkOfferingRow)
        return [o.id for o in offerings.by_id.values() if wanted <= {s.lower() for s in services_of_offering(o)}]
