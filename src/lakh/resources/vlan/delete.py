"""deleteVlanIpRange: unless one of its addresses is in use."""

from __future__ import annotations

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.ip_address.row import FIRST_IN_RANGE
from lakh.resources.live import live
from lakh.resources.network.addresses import GuestAddresses
from lakh.resources.vlan.row import REMOVE, VlanRangeRow
from lakh.store.statement import TxnSpec


class DeleteVlanIpRange(SyncCommand, event="VLAN.IP.RANGE.DELETE", roles=ADMIN):
    """Deletes a VLAN IP range."""

    id: Id = param("the range", required=True, entity="vlan_range")

    async def run(self, call: Call) -> None:
        cloud = call.cloud
        row = await live(cloud, VlanRangeRow, self.id, "id")
        if used := await self._used(call, row):
            raise ParameterError(
                f"The VLAN IP range {row.start_ip}-{row.end_ip} cannot be deleted: {used} is in use; release it first"
            )
        txn = TxnSpec("deleteVlanIpRange").add(REMOVE, row.id, cloud.now_ms())
        text = f"VLAN IP range {row.start_ip}-{row.end_ip} deleted"
        txn.put(INSERT_EVENT, completed(call, self.SPEC.event, text))
        await cloud.store.submit(txn)

    async def _used(self, call: Call, row: VlanRangeRow) -> str | None:
        """An address of the range that somebody has."""
        if row.traffic_type == "Public":
            taken = await call.cloud.store.read(FIRST_IN_RANGE, row.id)
            return str(taken[0][0]) if taken else None
        return await call.cloud.part(GuestAddresses).used_within(row.network_id or 0, row.start_ip, row.end_ip)
