"""deleteVlanIpRange: unless one of its addresses is in use."""

from __future__ import annotations

from ipaddress import IPv4Address

from lakh.base.errors import ParameterError
from lakh.contract.declaration import ADMIN, param
from lakh.contract.types import Id
from lakh.resources.command import Call, SyncCommand, completed
from lakh.resources.event.row import INSERT as INSERT_EVENT
from lakh.resources.ip_address.row import TAKEN_IN_RANGE
from lakh.resources.live import live
from lakh.resources.nic.row import ADDRESSES
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
            taken = await call.cloud.store.rows(TAKEN_IN_RANGE, row.id)
            return taken[0].address if taken else None
        first, last = IPv4Address(row.start_ip), IPv4Address(row.end_ip)
        for (ip,) in await call.cloud.store.read(ADDRESSES, row.network_id):
            if first <= IPv4Address(ip) <= last:
                return str(ip)
        return None
