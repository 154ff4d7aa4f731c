"""createNetwork: rows only. An isolated network gets its VLAN, address and router when its first Instance starts."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError, PermissionDeniedError
from lakh.contract.declaration import param, spec_of
from lakh.contract.types import Id
from lakh.jobs.cloud import Cloud
from lakh.resources.account.ownership import owner_of
from lakh.resources.account.row import SYSTEM_ACCOUNT, AccountRow
from lakh.resources.addressing import check_suffix
from lakh.resources.command import Call, SyncCommand, admit_job, event
from lakh.resources.configuration.values import Settings
from lakh.resources.domain.row import ROOT_DOMAIN
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.limit.charge import charge_owner, limit_error
from lakh.resources.limit.row import Usage
from lakh.resources.live import live
from lakh.resources.network.design import check_name_servers, network_domain, physical_network_for, subnet
from lakh.resources.network.row import INSERT, NetworkRow
from lakh.resources.network.view import NetworkView, network_views
from lakh.resources.network_offering.row import NetworkOfferingRow
from lakh.resources.network_offering.services import services_of_offering
from lakh.resources.offering_scope import check_use
from lakh.resources.physical_network.row import INSERT_VLAN, GuestVlanRow, PhysicalNetworkRow
from lakh.resources.physical_network.vlans import GuestVlans, scheme
from lakh.resources.vlan.ranges import check_new_range, vlan_uri
from lakh.resources.vlan.row import INSERT as INSERT_RANGE
from lakh.resources.vlan.row import UNTAGGED, VlanRangeRow
from lakh.resources.zone.row import ZoneRow
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError, GuardFailedError

ACL_TYPES = {"account": "Account", "domain": "Domain"}


class CreateNetwork(SyncCommand, answer=NetworkView, event="NETWORK.CREATE"):
    """Creates a network."""

    name: str = param("name of the network", required=True)
    displaytext: str | None = param("a longer name; the name by default")
    networkofferingid: Id = param("the network offering", required=True, entity="network_offering")
    zoneid: Id = param("the zone", required=True, entity="zone")
    physicalnetworkid: Id | None = param(
        "the physical network, where the zone has several for guests", entity="physical_network"
    )
    gateway: str | None = param("the gateway: needed for shared networks, of the zone's guest CIDR by default")
    netmask: str | None = param("the netmask, together with gateway")
    startip: str | None = param("the first address of a shared network")
    endip: str | None = param("the last address of a shared network; the first by default")
    vlan: str | None = param("the VLAN, where the offering wants one", roles=["Admin"])
    bypassvlanoverlapcheck: bool = param(
        "take the VLAN even where another network has it", default=False, roles=["Admin"]
    )
    networkdomain: str | None = param("the DNS suffix")
    dns1: str | None = param("the first DNS server; the zone's by default", since="4.18.0")
    dns2: str | None = param("the second DNS server; the zone's by default", since="4.18.0")
    acltype: str | None = param("Account or Domain; Domain for shared networks by default")
    account: str | None = param("the account the network is for; needs domainid")
    domainid: Id | None = param("the domain the network is for", entity="domain")
    projectid: Id | None = param("the project the network is for", entity="project")
    subdomainaccess: bool | None = param("a domain's network is for its subdomains too; the setting's by default")
    displaynetwork: bool = param("show the network to its owner", default=True, roles=["Admin"])

    async def run(self, call: Call) -> NetworkView:
        cloud = call.cloud
        zone = await live(cloud, ZoneRow, self.zoneid, "zoneid")
        offering = await self._offering(call, zone)
        owner, acl_type = await self._owner(call, zone, offering)
        physical = await physical_network_for(cloud, zone, offering, self.physicalnetworkid)
        row = await self._row(call, zone, offering, physical, owner, acl_type)
        txn = TxnSpec("createNetwork").put(INSERT, row)
        await self._put_range(call, txn, row, physical)
        self._put_vlan(call, txn, row, physical)
        usage = Usage(network=1 if acl_type == "Account" else 0)
        await charge_owner(cloud, txn, row.account_id, row.domain_id, usage)
        text = f"Network {row.name} created"
        whose, instance = (row.account_id, row.domain_id), ("Network", row.uuid)
        txn.put(INSERT_EVENT, event(cloud, self.SPEC.event, "Completed", text, call.caller.user_id, whose, instance))
        try:
            await cloud.store.submit(txn)
        except GuardFailedError as failed:
            if (vlan := _number(row)) is not None:
                await cloud.part(GuestVlans).recheck(physical.id, vlan)
            raise await limit_error(cloud, failed, row.account_id, row.domain_id, usage) from failed
        except DuplicateError as taken:
            raise ParameterError(
                f"The VLAN {self.vlan} is in use by another network of physical network {physical.name}"
            ) from taken
        if offering.is_persistent and row.state == "Allocated":
            implement = spec_of("implementNetwork").declaration
            await admit_job(implement(networkid=row.id), call)  # type: ignore[arg-type]
        return (await network_views(cloud, [row], admin=call.caller.is_root_admin))[0]

    async def _offering(self, call: Call, zone: ZoneRow) -> NetworkOfferingRow:
        if zone.allocation_state != "Enabled" and not call.caller.is_root_admin:
            raise PermissionDeniedError(f"Cannot perform this operation, Zone is currently disabled: {zone.name}")
        offering = await live(call.cloud, NetworkOfferingRow, self.networkofferingid, "networkofferingid")
        if offering.is_system or offering.traffic_type != "Guest":
            raise ParameterError(f"Can't use system network offering {offering.name} for a guest network")
        if offering.state != "Enabled":
            raise ParameterError(f"Can't use network offering id={offering.uuid} as its state is not Enabled")
        if offering.for_vpc:
            raise ParameterError(f"Network offering {offering.name} is for tiers of VPCs; choose another one")
        await check_use(call, offering, zone.id)
        grouped = zone.security_group_enabled and offering.guest_type == "Isolated"
        if grouped and "SourceNat" in services_of_offering(offering):
            raise ParameterError("Isolated networks with SourceNat are not supported in a zone with security groups")
        if "SecurityGroup" in services_of_offering(offering) and not zone.security_group_enabled:
            raise ParameterError(f"Zone {zone.name} has no security groups; choose an offering without them")
        if offering.guest_type == "Shared" and not call.caller.is_root_admin:
            raise PermissionDeniedError("Only root admins can create networks of type Shared")
        return offering

    async def _owner(self, call: Call, zone: ZoneRow, offering: NetworkOfferingRow) -> tuple[AccountRow | None, str]:
        """The owning account (None for a domain's network) and the ACL type."""
        given = (self.acltype or "").lower()
        if given and given not in ACL_TYPES:
            raise ParameterError(f"Incorrect aclType {self.acltype}: give Account or Domain")
        acl_type = ACL_TYPES.get(given) or ("Domain" if offering.guest_type == "Shared" else "Account")
        if self.account and acl_type == "Domain" and not given:
            acl_type = "Account"
        if offering.guest_type != "Shared" and acl_type != "Account":
            raise ParameterError(f"AclType should be Account for networks of type {offering.guest_type}")
        if acl_type == "Domain":
            return None, acl_type
        return await owner_of(call, self.account, self.domainid, self.projectid), acl_type

    def _for_subdomains(self, cloud: Cloud) -> bool:
        if self.subdomainaccess is not None:
            return self.subdomainaccess
        return cloud.part(Settings).flag("allow.subdomain.network.access")

    async def _row(
        self,
        call: Call,
        zone: ZoneRow,
        offering: NetworkOfferingRow,
        physical: PhysicalNetworkRow,
        owner: AccountRow | None,
        acl_type: str,
    ) -> NetworkRow:
        cloud, guest_type = call.cloud, offering.guest_type or "Isolated"
        check_suffix("networkdomain", self.networkdomain)
        check_name_servers(dns1=self.dns1, dns2=self.dns2)
        cidr, gateway, netmask = self._addresses(zone, guest_type)
        services = services_of_offering(offering)
        uri = self._vlan(offering, physical)
        domain = None
        if owner is not None and guest_type != "L2":
            domain = await network_domain(cloud, zone, owner, self.networkdomain)
        domain_id = owner.domain_id if owner else (self.domainid if self.domainid is not None else ROOT_DOMAIN)
        return NetworkRow(
            id=cloud.id("network"),
            uuid=cloud.uuid(),
            name=self.name,
            display_text=self.displaytext or self.name,
            zone_id=zone.id,
            physical_network_id=physical.id,
            offering_id=offering.id,
            account_id=owner.id if owner else SYSTEM_ACCOUNT,
            domain_id=domain_id,
            traffic_type="Guest",
            guest_type=guest_type,
            acl_type=acl_type,
            subdomain_access=acl_type == "Domain" and self._for_subdomains(cloud),
            state="Setup" if guest_type == "Shared" or uri else "Allocated",
            mode="None" if guest_type == "L2" else "Dhcp",
            broadcast_domain_type="Vxlan" if scheme(physical) == "vxlan" else "Vlan",
            broadcast_uri=uri,
            cidr=cidr,
            gateway=gateway,
            netmask=netmask,
            network_domain=domain or self.networkdomain,
            dns1=self.dns1,
            dns2=self.dns2,
            specify_ip_ranges=offering.specify_ip_ranges,
            security_group_enabled="SecurityGroup" in services,
            is_system=False,
            display_network=self.displaynetwork,
            restart_required=False,
            implemented=0,
            vpc_id=None,
            details_json=msgspec.json.encode({}).decode(),
            created_ms=cloud.now_ms(),
        )

    def _addresses(self, zone: ZoneRow, guest_type: str) -> tuple[str | None, str | None, str | None]:
        given = (self.gateway, self.netmask, self.startip, self.endip)
        if guest_type == "L2":
            if any(given):
                raise ParameterError("L2 networks have no gateway, netmask, startip or endip")
            return None, None, None
        if guest_type == "Shared" and not self.startip:
            raise ParameterError("StartIp/endIp/gateway/netmask are required when creating a network of type Shared")
        if guest_type == "Isolated" and (self.startip or self.endip):
            raise ParameterError("startip and endip are for Shared networks: isolated ones deal their whole subnet")
        return subnet(zone, guest_type, self.gateway, self.netmask)

    def _vlan(self, offering: NetworkOfferingRow, physical: PhysicalNetworkRow) -> str | None:
        if not offering.specify_vlan:
            if self.vlan:
                raise ParameterError("Can't specify vlan; corresponding offering says specifyVlan=false")
            return UNTAGGED if offering.guest_type == "Shared" else None
        if not self.vlan:
            raise ParameterError(f"vlan: network offering {offering.name} needs a VLAN; give its id, or untagged")
        return vlan_uri(self.vlan, scheme=scheme(physical))

    async def _put_range(self, call: Call, txn: TxnSpec, row: NetworkRow, physical: PhysicalNetworkRow) -> None:
        if row.guest_type != "Shared":
            return
        assert row.gateway is not None
        assert row.netmask is not None
        assert self.startip is not None
        made = VlanRangeRow(
            id=call.cloud.id("vlan_range"),
            uuid=call.cloud.uuid(),
            zone_id=row.zone_id,
            pod_id=None,
            physical_network_id=physical.id,
            network_id=row.id,
            traffic_type="Guest",
            vlan=row.broadcast_uri or UNTAGGED,
            gateway=row.gateway,
            netmask=row.netmask,
            start_ip=self.startip,
            end_ip=self.endip or self.startip,
            account_id=None,
            domain_id=None,
            for_system_vms=False,
            created_ms=row.created_ms,
        )
        await check_new_range(call.cloud, made)
        txn.put(INSERT_RANGE, made)

    def _put_vlan(self, call: Call, txn: TxnSpec, row: NetworkRow, physical: PhysicalNetworkRow) -> None:
        cloud, vlan = call.cloud, _number(row)
        if vlan is None or self.bypassvlanoverlapcheck:
            return
        cloud.part(GuestVlans).note(physical.id, vlan)
        taken = GuestVlanRow(cloud.id("guest_vlan"), physical.id, vlan, row.id, row.account_id, row.created_ms)
        txn.put(INSERT_VLAN, taken)


def _number(row: NetworkRow) -> int | None:
    """The VLAN that was asked for."""
    number = (row.broadcast_uri or "").partition("://")[2]
    return int(number) if number.isdigit() else None
