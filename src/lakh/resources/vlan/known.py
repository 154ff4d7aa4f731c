"""VLAN IP ranges by what is asked of them: their network, their owner, what they must not overlap.

A shared network has a range or more, and accounts may have public ones of their own, so there are tens of thousands;
every allocation of an address asks for those of one network or owner.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from lakh.jobs.cloud import Cloud
from lakh.resources.vlan.row import VlanRangeRow
from lakh.store.snapshot import Changes


class KnownRanges:
    """A part of the cloud. The lists are in order of ids, and other ones after a change."""

    def __init__(self, cloud: Cloud) -> None:
        self._snapshots = cloud.snapshots
        self._changes: Changes[VlanRangeRow] = Changes()
        self._rows: dict[Hashable, list[VlanRangeRow]] = {}
        self._keys: dict[int, tuple[Hashable, ...]] = {}

    async def of_network(self, network_id: int) -> Sequence[VlanRangeRow]:
        """The ranges of a shared network."""
        return await self._of(("network", network_id))

    async def public(self, zone_id: int, account_id: int, domain_id: int) -> list[VlanRangeRow]:
        """The public ranges for users in the order of their use: dedicated ones, then those that are for all."""
        account = await self._of(("account", zone_id, account_id))
        domain = await self._of(("domain", zone_id, domain_id))
        own = sorted((*account, *domain), key=lambda row: row.id) if account and domain else [*account, *domain]
        return [*own, *await self._of(("all", zone_id))]

    async def for_system(self, zone_id: int) -> list[VlanRangeRow]:
        """The public ranges for system VMs in the order of their use: those kept for them, then those that are for all
        users."""
        return [*await self._of(("system", zone_id)), *await self._of(("all", zone_id))]

    async def beside(self, row: VlanRangeRow) -> Sequence[VlanRangeRow]:
        """Those that a range must not overlap: public ones of the zone, or guests' on the same VLAN."""
        return await self._of(_beside(row))

    async def _of(self, key: Hashable) -> Sequence[VlanRangeRow]:
        loaded = await self._snapshots.of(VlanRangeRow)
        changed, anew = self._changes.look(loaded)
        if anew:
            self._rows, self._keys = {}, {}
        for row_id in changed:
            self._take(row_id, loaded.by_id.get(row_id))
        return self._rows.get(key, ())

    def _take(self, row_id: int, row: VlanRangeRow | None) -> None:
        for key in self._keys.pop(row_id, ()):
            left = self._rows[key] = [known for known in self._rows[key] if known.id != row_id]
            if not left:
                del self._rows[key]
        if row is None or row.removed_ms is not None:
            return
        keys = self._keys[row_id] = (_beside(row), _for(row))
        for key in keys:
            rows = self._rows.get(key, [])
            self._rows[key] = [*rows, row] if not rows or rows[-1].id < row_id else sorted((*rows, row), key=_id)


def _id(row: VlanRangeRow) -> int:
    return row.id


def _beside(row: VlanRangeRow) -> Hashable:
    return "beside", row.zone_id, row.traffic_type, None if row.traffic_type == "Public" else row.vlan


def _for(row: VlanRangeRow) -> Hashable:
    if row.traffic_type != "Public":
        return "network", row.network_id
    if row.for_system_vms:
        return "system", row.zone_id
    if row.account_id is not None:
        return "account", row.zone_id, row.account_id
    if row.domain_id is not None:
        return "domain", row.zone_id, row.domain_id
    return "all", row.zone_id
