"""updateZone: what a zone is called, its DNS servers, whether it takes new instances."""

from __future__ import annotations

import msgspec

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Details, Id, Strings
from lakh.resources.addressing import check_cidr, check_ip4, check_ip6, check_suffix
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.host.index import HostIndex
from lakh.resources.live import flag_state, live
from lakh.resources.zone.row import UPDATE, ZoneRow
from lakh.resources.zone.view import ZoneView, zone_view
from lakh.store.statement import TxnSpec
from lakh.store.store import DuplicateError

STATES = ("Enabled", "Disabled")
DHCP_PROVIDERS = ("VirtualRouter", "DhcpServer", "ExternalDhcpServer")


class UpdateZone(SyncCommand, roles=ADMIN, answer=ZoneView, event="ZONE.EDIT"):
    """Updates a Zone. What is not given stays as it is."""

    id: Id = param("the zone", required=True, entity="zone")
    name: str | None = param("new name, unique in the installation")
    dns1: str | None = param("the first DNS server of instances")
    dns2: str | None = param("the second DNS server of instances; empty for none")
    internaldns1: str | None = param("the first DNS server of system VMs and hosts")
    internaldns2: str | None = param("the second DNS server of system VMs and hosts; empty for none")
    ip6dns1: str | None = param("the first IPv6 DNS server of instances; empty for none")
    ip6dns2: str | None = param("the second IPv6 DNS server of instances; empty for none")
    guestcidraddress: str | None = param("default subnet of isolated guest networks")
    domain: str | None = param("DNS suffix of the zone's networks; empty for none")
    dnssearchorder: Strings = param("DNS suffixes to search, the first of them the zone's own")
    allocationstate: str | None = param("Enabled or Disabled")
    details: Details = param("free details of the zone, which replace those it has")
    dhcpprovider: str | None = param("VirtualRouter, DhcpServer or ExternalDhcpServer")
    ispublic: bool | None = param("true opens the zone of one domain to everyone")
    localstorageenabled: bool | None = param("disks may lie on hosts' own storage")
    sortkey: int | None = param("place in lists; lower ones come first")

    async def run(self, call: Call) -> ZoneView:
        cloud = call.cloud
        row = await live(cloud, ZoneRow, self.id, "id")
        self._check(row)
        txn = TxnSpec("updateZone").add(UPDATE, *self._values(row))
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, f"Zone {row.name} updated", ("Zone", row.uuid)))
        try:
            await cloud.store.submit(txn)
        except DuplicateError as taken:
            raise ParameterError(
                f"A zone with that name already exists: {self.name}. Please specify a unique zone name."
            ) from taken
        await cloud.part(HostIndex).refresh_places()
        return await zone_view(cloud, row.id)

    def _check(self, row: ZoneRow) -> None:
        for name in ("dns1", "internaldns1"):
            if getattr(self, name) == "":
                raise ParameterError(f"Invalid parameter {name}: a zone needs it, give an IPv4 address")
        for name in ("dns1", "dns2", "internaldns1", "internaldns2"):
            check_ip4(name, getattr(self, name))
        for name in ("ip6dns1", "ip6dns2"):
            check_ip6(name, getattr(self, name))
        for suffix in (self.domain, *self.dnssearchorder):
            check_suffix("domain", suffix)
        check_cidr("guestcidraddress", self.guestcidraddress)
        if self.guestcidraddress and row.network_type == "Basic":
            raise ParameterError("guestcidraddress parameter is not supported for Basic zone")
        if self.ispublic is False:
            raise ParameterError("Invalid parameter ispublic false: a zone is given to one domain by dedicating it")

    def _values(self, row: ZoneRow) -> tuple[object, ...]:
        details: dict[str, str] | None = None
        if self.details:
            kept = msgspec.json.decode(row.details_json, type=dict[str, str])
            details = {k: v for k, v in kept.items() if k == "storageaccessgroups"} | self.details
        return (
            row.id,
            self.name or None,
            self.dns1,
            self.dns2,
            self.internaldns1,
            self.internaldns2,
            self.ip6dns1,
            self.ip6dns2,
            self.domain if self.domain is not None else next(iter(self.dnssearchorder), None),
            self.guestcidraddress,
            flag_state("allocationstate", self.allocationstate, STATES),
            self.localstorageenabled,
            flag_state("dhcpprovider", self.dhcpprovider, DHCP_PROVIDERS),
            msgspec.json.encode(details).decode() if details is not None else None,
            self.sortkey,
            self.ispublic is True,
        )
