"""listPublicIpAddresses: those in use; for admins who ask, the free ones behind them."""

from __future__ import annotations

import asyncio
import uuid as uuids
from dataclasses import dataclass
from ipaddress import IPv4Address
from socket import inet_ntoa
from typing import Final

from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import owned_scope
from lakh.resources.command import Call, Listed, OwnedListCommand
from lakh.resources.ip_address.public import PublicAddresses
from lakh.resources.ip_address.row import IpAddressRow
from lakh.resources.ip_address.view import IpAddressView, free_view, ip_address_views
from lakh.resources.listing import Listing
from lakh.resources.number_pool import NumberSet
from lakh.resources.vlan.row import VlanRangeRow

_AT_ONCE: Final = 10_000
"""Addresses that are looked through in one go."""

LISTING = Listing(
    IpAddressRow,
    {
        "id": "id = $",
        "ipaddress": "address = $",
        "zoneid": "zone_id = $",
        "vlanid": "range_id = $",
        "physicalnetworkid": "physical_network_id = $",
        "network": "network_id = $",
        "issourcenat": "is_source_nat = $",
        "isstaticnat": "is_static_nat = $",
        "issystem": "is_system = $",
        "state": "LOWER(state) = $",
    },
    keyword=("address",),
    holds=(
        "account_id", "domain_id", "zone_id", "range_id", "physical_network_id", "network_id", "is_source_nat",
        "vm_id", "is_static_nat", "is_system", "state",
    ),
    by_index=("ipaddress",),
)  # fmt: skip


class ListPublicIpAddresses(OwnedListCommand, answer=IpAddressView, object_name="publicipaddress"):
    """Lists all public IP addresses."""

    id: Id | None = param("the address of this id", entity="ip_address")
    ipaddress: str | None = param("this address")
    zoneid: Id | None = param("those of this zone", entity="zone")
    vlanid: Id | None = param("those of this VLAN IP range", entity="vlan_range")
    physicalnetworkid: Id | None = param("those of this physical network", entity="physical_network")
    associatednetworkid: Id | None = param("those that this guest network has", entity="network")
    networkid: Id | None = param("those that this network has", entity="network", since="4.13.0")
    issourcenat: bool | None = param("source NAT addresses, or others")
    isstaticnat: bool | None = param("static NAT addresses, or others")
    allocatedonly: bool = param("leave the free ones out", default=True)
    forvirtualnetwork: bool = param("those that accounts take; shared networks' are NICs' own", default=True)
    forsystemvms: bool = param("those that system VMs have", default=False, since="4.20.0")
    state: str | None = param("Allocated, Allocating, Releasing or Free")
    retrieveonlyresourcecount: bool = param("only count them", default=False)

    async def run(self, call: Call) -> Listed:
        offset, limit = self.window()
        scope = await owned_scope(call, self, by_id=self.id is not None)
        filters = {
            "id": self.id,
            "ipaddress": self.ipaddress,
            "zoneid": self.zoneid,
            "vlanid": self.vlanid,
            "physicalnetworkid": self.physicalnetworkid,
            "network": self.associatednetworkid if self.associatednetworkid is not None else self.networkid,
            "issourcenat": self.issourcenat,
            "isstaticnat": self.isstaticnat,
            "issystem": self.forsystemvms if self.id is None else None,
            "state": self.state.lower() if self.state else None,
        }
        if not self.forvirtualnetwork:
            return Listed(0, [])
        if self.retrieveonlyresourcecount:
            return Listed(await LISTING.count(call.cloud, scope, filters, self.keyword), [])
        count, rows = await LISTING.page(call.cloud, scope, filters, self.keyword, (offset, limit))
        views = list(await ip_address_views(call.cloud, rows))
        if self.allocatedonly or not call.caller.is_root_admin or self._about_taken_ones():
            return Listed(count, list(views))
        free = await self._free(call, max(0, offset - count), limit - len(views))
        for within, address in free.shown:
            own_uuid = str(uuids.uuid5(uuids.UUID(within.uuid), address))
            views.append(await free_view(call.cloud, within, own_uuid, address))
        return Listed(count + free.count, list(views))

    def _about_taken_ones(self) -> bool:
        """True when some filter is about what only a taken address has."""
        asked = (self.id, self.account, self.domainid, self.associatednetworkid, self.networkid, self.issourcenat)
        return any(value is not None for value in asked) or (self.state or "free").lower() != "free"

    async def _free(self, call: Call, skip: int, limit: int) -> _Free:
        """How many addresses of the ranges that fit are free, and one page of them."""
        cloud, found = call.cloud, _Free(0, [])
        addresses = cloud.part(PublicAddresses)
        for within in await cloud.snapshots.of(VlanRangeRow):
            if within.traffic_type != "Public" or within.for_system_vms != self.forsystemvms:
                continue
            if self.zoneid not in (None, within.zone_id) or self.vlanid not in (None, within.id):
                continue
            if self.physicalnetworkid not in (None, within.physical_network_id):
                continue
            alone = cloud.controls == 1  # others may have given back what memory counts as taken
            pool = await (addresses.pool(within) if alone else addresses.read_anew(within))
            first, last = pool.ranges[0]
            if self.ipaddress is not None:
                number = int(IPv4Address(self.ipaddress))
                first, last = max(first, number), min(last, number)
            if self.keyword:
                every = await _with_keyword(pool.taken, first, last, self.keyword)
                count, shown = len(every), every[skip : skip + limit - len(found.shown)]
            else:
                count = max(0, last - first + 1) - pool.taken.count(first, last)
                shown = pool.taken.missing(first, last, skip, limit - len(found.shown))
            found.count += count
            found.shown += [(within, str(IPv4Address(number))) for number in shown]
            skip = max(0, skip - count)
        return found


@dataclass(slots=True)
class _Free:
    """Free addresses: how many there are, and those of one page."""

    count: int
    shown: list[tuple[VlanRangeRow, str]]


async def _with_keyword(taken: NumberSet, first: int, last: int, keyword: str) -> list[int]:
    """All free addresses with the keyword in them, looked for without holding others up for long."""
    found: list[int] = []
    for start in range(first, last + 1, _AT_ONCE):
        free = taken.missing(start, min(last, start + _AT_ONCE - 1), 0, _AT_ONCE)
        found += [number for number in free if keyword in inet_ntoa(number.to_bytes(4, "big"))]
        await asyncio.sleep(0)
    return found
