"""listVlanIpRanges."""

from __future__ import annotations

from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.account.ownership import find_account
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.vlan.ranges import vlan_uri
from lakh.resources.vlan.row import VlanRangeRow
from lakh.resources.vlan.view import VlanIpRangeView, vlan_range_views

LISTING = Listing(
    VlanRangeRow,
    {
        "id": "id = $",
        "zoneid": "zone_id = $",
        "networkid": "network_id = $",
        "physicalnetworkid": "physical_network_id = $",
        "podid": "pod_id = $",
        "vlan": "vlan = $",
        "traffic": "traffic_type = $",
        "account": "account_id = $",
        "domainid": "domain_id = $",
    },
    keyword=("vlan", "start_ip", "end_ip"),
    account="",
)


class ListVlanIpRanges(ListCommand, answer=VlanIpRangeView, object_name="vlaniprange", roles=ADMIN):
    """Lists all VLAN IP ranges."""

    id: Id | None = param("the range of this id", entity="vlan_range")
    zoneid: Id | None = param("those of this zone", entity="zone")
    networkid: Id | None = param("those of this network", entity="network")
    physicalnetworkid: Id | None = param("those of this physical network", entity="physical_network")
    podid: Id | None = param("those of this pod", entity="pod")
    vlan: str | None = param("those of this VLAN")
    forvirtualnetwork: bool | None = param("public ones, or those of shared networks")
    account: str | None = param("those of this account; needs domainid")
    domainid: Id | None = param("those of this domain", entity="domain")

    async def run(self, call: Call) -> Listed:
        traffic = None if self.forvirtualnetwork is None else ("Public" if self.forvirtualnetwork else "Guest")
        owner = None
        if self.account is not None and self.domainid is not None:
            owner = await find_account(call, self.account, self.domainid)
        filters = {
            "id": self.id,
            "zoneid": self.zoneid,
            "networkid": self.networkid,
            "physicalnetworkid": self.physicalnetworkid,
            "podid": self.podid,
            "vlan": vlan_uri(self.vlan) if self.vlan else None,
            "traffic": traffic,
            "account": owner.id if owner else None,
            "domainid": self.domainid,
        }
        count, rows = await LISTING.page(call.cloud, filters=filters, keyword=self.keyword, window=self.window())
        return Listed(count, list(await vlan_range_views(call.cloud, rows)))
