"""listNics: those of one VM."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import param
from lakh.contract.types import Id
from lakh.resources.account.ownership import check_access
from lakh.resources.command import Call, ListCommand, Listed
from lakh.resources.listing import Listing
from lakh.resources.network.cached import Networks
from lakh.resources.nic.row import NicRow
from lakh.resources.nic.view import NicView, nic_view
from lakh.resources.vm.row import BY_ID

LISTING = Listing(
    NicRow, {"virtualmachineid": "vm_id = $", "nicid": "id = $", "networkid": "network_id = $"}, account=""
)


class ListNics(ListCommand, answer=NicView):
    """Lists the NICs of an Instance."""

    virtualmachineid: Id = param("the Instance", required=True, entity="vm")
    nicid: Id | None = param("the NIC of this id", entity="nic")
    networkid: Id | None = param("those in this network", entity="network")

    async def run(self, call: Call) -> Listed:
        rows = await call.cloud.store.rows(BY_ID, self.virtualmachineid)
        if not rows or rows[0].removed_ms is not None:
            raise ParameterError("Unable to find the Instance of virtualmachineid")
        vm = rows[0]
        await check_access(call, vm.account_id, vm.domain_id)
        filters = {"virtualmachineid": vm.id, "nicid": self.nicid, "networkid": self.networkid}
        count, nics = await LISTING.page(call.cloud, filters=filters, window=self.window())
        networks = await call.cloud.part(Networks).many({nic.network_id for nic in nics})
        admin = call.caller.is_root_admin
        return Listed(count, [nic_view(nic, networks[nic.network_id], vm.uuid, admin=admin) for nic in nics])
