"""createZone: a zone with its own networks, advanced or basic, disabled unless asked otherwise."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id, Strings
from lakh.resources.addressing import check_cidr, check_ip4, check_ip6, check_suffix
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.domain.row import DomainRow
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.resources.network.system import put_system_networks
from lakh.resources.zone.row import INSERT, ZoneRow
from lakh.resources.zone.view import ZoneView, zone_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

STATES = ("Enabled", "Disabled")


class CreateZone(SyncCommand, roles=ADMIN, answer=ZoneView, event="ZONE.CREATE"):
    """Creates a Zone."""

    name: str = param("name of the zone, unique in the installation", required=True)
    networktype: str = param("Advanced or Basic", required=True)
    dns1: str = param("the first DNS server of instances", required=True)
    dns2: str | None = param("the second DNS server of instances")
    internaldns1: str = param("the first DNS server of system VMs and hosts", required=True)
    internaldns2: str | None = param("the second DNS server of system VMs and hosts")
    ip6dns1: str | None = param("the first IPv6 DNS server of instances")
    ip6dns2: str | None = param("the second IPv6 DNS server of instances")
    guestcidraddress: str | None = param("default subnet of isolated guest networks, advanced zones only")
    domain: str | None = param("DNS suffix of the zone's networks")
    domainid: Id | None = param("the domain that the zone is for alone", entity="domain")
    allocationstate: str | None = param("Enabled or Disabled; Disabled when absent")
    securitygroupenabled: bool = param("guest networks of the zone have security groups", default=False)
    localstorageenabled: bool = param("disks may lie on hosts' own storage", default=False)
    isedge: bool = param("an edge zone, which runs without system VMs", default=False, since="4.18.0")
    storageaccessgroups: Strings = param("storage access groups of the zone's hosts", since="4.21.0")

    async def run(self, call: Call) -> ZoneView:
        cloud = call.cloud
        row = await self._row(call)
        txn = TxnSpec("createZone").put(INSERT, row)
        await put_system_networks(cloud, txn, row)
        text = f"Zone {row.name} created"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text, ("Zone", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A zone with that name already exists: {self.name}. Please specify a unique zone name."
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return await zone_view(cloud, row.id)

    async def _row(self, call: Call) -> ZoneRow:
        cloud, kind = call.cloud, self.networktype.capitalize()
        if kind not in ("Advanced", "Basic"):
            raise ParameterError(f"Invalid network type; it must be Basic or Advanced, not {self.networktype}")
        if kind == "Basic" and self.guestcidraddress:
            raise ParameterError("guestcidraddress parameter is not supported for Basic zone")
        if kind == "Basic" and self.isedge:
            raise ParameterError("An edge zone must be Advanced: give networktype=Advanced, or isedge=false")
        for name in ("dns1", "dns2", "internaldns1", "internaldns2"):
            check_ip4(name, getattr(self, name))
        for name in ("ip6dns1", "ip6dns2"):
            check_ip6(name, getattr(self, name))
        check_cidr("guestcidraddress", self.guestcidraddress)
        check_suffix("domain", self.domain)
        domain = await live(cloud, DomainRow, self.domainid, "domainid") if self.domainid is not None else None
        groups = ",".join(self.storageaccessgroups)
        return ZoneRow(
            id=cloud.id("zone"),
            uuid=cloud.uuid(),
            name=self.name,
            description=None,
            network_type=kind,
            security_group_enabled=self.securitygroupenabled or kind == "Basic",
            dns1=self.dns1,
            dns2=self.dns2,
            internal_dns1=self.internaldns1,
            internal_dns2=self.internaldns2,
            ip6_dns1=self.ip6dns1,
            ip6_dns2=self.ip6dns2,
            network_domain=self.domain,
            guest_cidr=self.guestcidraddress,
            domain_id=domain.id if domain else None,
            allocation_state=flag_state("allocationstate", self.allocationstate, STATES) or "Disabled",
            local_storage_enabled=self.localstorageenabled,
            is_edge=self.isedge,
            dhcp_provider="VirtualRouter",
            details_json=msgspec.json.encode({"storageaccessgroups": groups} if groups else {}).decode(),
            sort_key=0,
            created_ms=cloud.now_ms(),
        )
