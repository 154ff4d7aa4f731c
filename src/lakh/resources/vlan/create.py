"""createVlanIpRange: public addresses of a zone, or more addresses for a shared network."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import find_account
from lakh.resources.account.row import AccountRow
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.live import live
from lakh.resources.network.row import BY_ID as NETWORK_BY_ID
from lakh.resources.network.row import NetworkRow
from lakh.resources.network.system import system_network
from lakh.resources.physical_network.row import PhysicalNetworkRow, TrafficTypeRow
from lakh.resources.vlan.ranges import check_new_range, vlan_uri
from lakh.resources.vlan.row import INSERT, VlanRangeRow
from lakh.resources.vlan.view import VlanIpRangeView, vlan_range_views
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec


class CreateVlanIpRange(SyncCommand, answer=VlanIpRangeView, event="VLAN.IP.RANGE.CREATE", roles=ADMIN):
    """Creates a VLAN IP range."""

    zoneid: Id | None = param("the zone of public addresses", entity="zone")
    physicalnetworkid: Id | None = param(
        "the physical network; the one that carries the traffic by default", entity="physical_network"
    )
    networkid: Id | None = param("the shared network that gets more addresses", entity="network")
    forvirtualnetwork: bool = param("public addresses; false for those of a shared network", default=True)
    vlan: str | None = param("the VLAN id or untagged")
    gateway: str | None = param("the gateway of the range")
    netmask: str | None = param("the netmask of the range")
    startip: str | None = param("the first address")
    endip: str | None = param("the last address; the first one by default")
    podid: Id | None = param("the pod, in a basic zone", entity="pod")
    account: str | None = param("the account the range is for; needs domainid")
    domainid: Id | None = param("the domain the range is for", entity="domain")
    forsystemvms: bool = param("addresses for system VMs only", default=False)

    async def run(self, call: Call) -> VlanIpRangeView:
        row = await self._row(call)
        await check_new_range(call.cloud, row)
        txn = TxnSpec("createVlanIpRange").put(INSERT, row)
        text = f"VLAN IP range {row.start_ip}-{row.end_ip} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text))
        await call.cloud.store.submit(txn)
        return (await vlan_range_views(call.cloud, [row]))[0]

    async def _row(self, call: Call) -> VlanRangeRow:
        cloud = call.cloud
        network = await self._network(call)
        if network is None and not self.forvirtualnetwork:
            raise ParameterError("networkid: a range that is not public belongs to a shared network; name it")
        physical = await self._physical(call, network)
        zone = await live(cloud, ZoneRow, physical.zone_id, "zoneid")
        owner = await self._owner(call)
        public = network is None
        own = network if network is not None else await system_network(cloud, zone.id, "Public")
        if own is None:
            raise ParameterError(f"Zone {zone.name} carries no public traffic")
        gateway = self.gateway or (network.gateway if network else None)
        netmask = self.netmask or (network.netmask if network else None)
        if not gateway or not netmask or not self.startip:
            raise ParameterError("Give gateway, netmask and startip of the range")
        vlan = vlan_uri(self.vlan) if self.vlan or network is None else network.broadcast_uri or vlan_uri(None)
        return VlanRangeRow(
            id=cloud.id("vlan_range"),
            uuid=cloud.uuid(),
            zone_id=zone.id,
            pod_id=self.podid,
            physical_network_id=physical.id,
            network_id=own.id,
            traffic_type="Public" if public else "Guest",
            vlan=vlan,
            gateway=gateway,
            netmask=netmask,
            start_ip=self.startip,
            end_ip=self.endip or self.startip,
            account_id=owner.id if owner else None,
            domain_id=owner.domain_id if owner else self.domainid,
            for_system_vms=self.forsystemvms,
            created_ms=cloud.now_ms(),
        )

    async def _network(self, call: Call) -> NetworkRow | None:
        if self.networkid is None:
            return None
        rows = await call.cloud.store.rows(NETWORK_BY_ID, self.networkid)
        if not rows or rows[0].removed_ms is not None:
            raise ParameterError("Unable to find network by the networkid given")
        if rows[0].traffic_type == "Public":
            return None
        if rows[0].guest_type != "Shared":
            raise ParameterError(f"Network {rows[0].name} is not shared: only shared networks have VLAN IP ranges")
        return rows[0]

    async def _physical(self, call: Call, network: NetworkRow | None) -> PhysicalNetworkRow:
        cloud = call.cloud
        if network is not None and network.physical_network_id is not None:
            return await live(cloud, PhysicalNetworkRow, network.physical_network_id, "networkid")
        if self.physicalnetworkid is not None:
            return await live(cloud, PhysicalNetworkRow, self.physicalnetworkid, "physicalnetworkid")
        if self.zoneid is None:
            raise ParameterError("Give zoneid, physicalnetworkid or networkid to say where the range belongs")
        rows = await cloud.snapshots.of(PhysicalNetworkRow)
        for traffic in await cloud.snapshots.of(TrafficTypeRow):
            physical = rows.by_id[traffic.physical_network_id]
            if traffic.type == "Public" and physical.zone_id == self.zoneid and physical.removed_ms is None:
                return physical
        raise ParameterError("The zone has no physical network with traffic type Public")

    async def _owner(self, call: Call) -> AccountRow | None:
        if self.account is None:
            return None
        if self.domainid is None:
            raise ParameterError("Parameter account needs domainid")
        return await find_account(call, self.account, self.domainid)
